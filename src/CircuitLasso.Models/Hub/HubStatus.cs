using System.Globalization;
using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>What the status of the hub's answer means to the user.</summary>
internal static class HubStatus
{
    /// <summary>Refuses every answer but a success.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="name">What was asked for.</param>
    /// <param name="subject">The file or repository, for messages.</param>
    /// <param name="settings">Says whether there was a token.</param>
    /// <exception cref="InputException">Another try would end in the same way.</exception>
    /// <exception cref="HubTransientException">Another try may succeed.</exception>
    public static void RequireSuccess(HubResponse response, HubName name, string subject, HubSettings settings)
    {
        int status = response.Status;
        if (status is >= 200 and < 300)
        {
            return;
        }

        if (!response.IsOfHub)
        {
            // The hub sends on with a permission that lasts for minutes: another try brings a new one.
            throw new HubTransientException($"the server that the hub sends on to answered {status}") { RetryAfter = response.RetryAfter(DateTimeOffset.UtcNow) };
        }

        string page = $"{settings.Endpoint.AbsoluteUri.TrimEnd('/')}/{name.Repository}";
        string text = status.ToString(CultureInfo.InvariantCulture);
        bool hasToken = settings.Token is not null;
        Exception failure = (response.ErrorCode, status) switch
        {
            (_, 408 or 429 or >= 500) => new HubTransientException(status == 429 ? "the hub had too many requests from here (429)" : $"the server answered {text}")
            {
                RetryAfter = response.RetryAfter(DateTimeOffset.UtcNow),
            },
            ("GatedRepo", _) => new InputException(
                subject,
                hasToken ? "is gated, and the account of the token has not been let in" : "is gated: only accounts that accepted its licence may read it",
                $"accept the licence at {page}, and set HF_TOKEN to a token of that account"),
            ("RevisionNotFound", _) => new InputException(subject, $"has no revision '{name.Revision}'", $"choose one that {page}/commits/main shows"),
            ("EntryNotFound", _) => new InputException(subject, "is not in the repository", $"look at {page}/tree/{name.Revision}"),
            (_, 401 or 403) => new InputException(
                subject,
                hasToken ? $"cannot be read with this token ({text}): there is no such repository, or it is private or gated" : $"cannot be read ({text}): the hub has no such repository, or it is private or gated",
                $"check the name; for a private or gated one set HF_TOKEN and accept the licence at {page}"),
            (_, 404) => new InputException(subject, "is not on the hub", "check the name and the revision"),
            _ => new InputException(subject, $"the server answered {text}", "check HF_ENDPOINT, or try again later"),
        };
        throw failure;
    }
}
