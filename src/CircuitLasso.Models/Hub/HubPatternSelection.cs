using System.IO.Enumeration;
using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>Files whose path matches one of some patterns.</summary>
/// <param name="patterns">The patterns.</param>
internal sealed class HubPatternSelection(IReadOnlyList<string> patterns) : HubSelection
{
    internal override Task<IReadOnlyList<HubFile>> SelectAsync(HubName name, HubListing listing, Func<HubFile, Task<string>> read)
    {
        Dictionary<string, HubFile> chosen = new(StringComparer.Ordinal);
        foreach (string pattern in patterns)
        {
            string whole = pattern.EndsWith('/') ? pattern + "*" : pattern;
            int matched = 0;
            foreach (HubFile file in listing.Files.Values.Where(file => FileSystemName.MatchesSimpleExpression(whole, file.Path, ignoreCase: false)))
            {
                chosen[file.Path] = file;
                matched++;
            }

            if (matched == 0)
            {
                throw new InputException(name.ToString(), $"holds no file that matches '{pattern}'", "give a pattern of one of its files, such as " + (listing.Files.Keys.Order(StringComparer.Ordinal).FirstOrDefault() ?? "config.json"));
            }
        }

        return Task.FromResult<IReadOnlyList<HubFile>>([.. chosen.Values]);
    }

    // Which files a commit has is known to the hub alone.
    internal override string? FindIn(string snapshot, HubName name) => null;
}
