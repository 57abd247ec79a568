using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>
/// Asks the hub: one request at a time, redirections followed by hand because the user's token is for the hub alone, failed tries repeated. The hub's interface is that of
/// https://huggingface.co/docs/hub/api; the headers are those that huggingface_hub reads.
/// </summary>
internal sealed class HubClient : IDisposable
{
    private const int MostRedirections = 10;
    private const int LargestListing = 64 << 20;
    private static readonly TimeSpan _longestDelay = TimeSpan.FromSeconds(30);

    private readonly HubSettings _settings;
    private readonly Action<string> _message;
    private readonly HttpClient _http;

    /// <summary>Opens no connection yet.</summary>
    /// <param name="settings">Where the hub is and who asks.</param>
    /// <param name="message">Takes a line for people when something is tried again.</param>
    public HubClient(HubSettings settings, Action<string> message)
    {
        _settings = settings;
        _message = message;
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = settings.Timeout,
            UseCookies = false,
            UseProxy = !settings.Endpoint.IsLoopback,
        };
        _http = new HttpClient(handler, disposeHandler: true) { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("CircuitLasso", typeof(HubClient).Assembly.GetName().Version?.ToString(3) ?? "0"));
        _http.DefaultRequestHeaders.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
    }

    /// <summary>Asks for the files of a repository.</summary>
    public Task<HubListing> ListAsync(HubName name, CancellationToken cancellation)
    {
        string subject = name.ToString();
        Uri address = Address($"api/models/{name.Repository}/revision/{Uri.EscapeDataString(name.Revision)}?blobs=true");
        return RetryAsync(
            subject,
            async () =>
            {
                using HubResponse response = await SendAsync(HttpMethod.Get, address, 0, cancellation).ConfigureAwait(false);
                HubStatus.RequireSuccess(response, name, subject, _settings);
                using MemoryStream body = new();
                return await CopyAsync(response, body, LargestListing, cancellation).ConfigureAwait(false) <= LargestListing
                    ? HubListing.Parse(subject, body.GetBuffer().AsMemory(0, (int)body.Length))
                    : throw new InputException(subject, "the hub's list of its files does not end", "check HF_ENDPOINT");
            },
            cancellation);
    }

    /// <summary>Asks for the size and the hash of a file that the list does not describe in full.</summary>
    public Task<HubFile> DescribeAsync(HubName name, string commit, HubFile file, CancellationToken cancellation)
    {
        string subject = $"{name.Repository}/{file.Path}";
        return RetryAsync(
            subject,
            async () =>
            {
                using HubResponse response = await SendAsync(HttpMethod.Head, FileAddress(name, commit, file.Path), 0, cancellation).ConfigureAwait(false);
                if (response.Status >= 400)
                {
                    HubStatus.RequireSuccess(response, name, subject, _settings);
                }

                string? hash = file.Hash ?? response.Hash;
                long? size = file.Size ?? response.LinkedSize ?? (response.Status < 300 ? response.ContentLength : null);
                return size is >= 0 && hash is not null && HubFile.IsHash(hash) && (response.Commit ?? commit) == commit
                    ? file with { Size = size, Hash = hash }
                    : throw new InputException(subject, "the hub does not say its size and its hash, so that it could not be checked", "check HF_ENDPOINT");
            },
            cancellation);
    }

    /// <summary>Opens a file from a byte on. One try: the caller repeats it, with what it has by then.</summary>
    public Task<HubResponse> OpenAsync(HubName name, string commit, string path, long from, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Get, FileAddress(name, commit, path), from, cancellation);

    /// <summary>Reads an answer to its end, or until more than <paramref name="most"/> bytes have come; a server that falls silent is given up.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="destination">Takes the bytes.</param>
    /// <param name="most">The most bytes that are wanted.</param>
    /// <param name="cancellation">Interrupts.</param>
    /// <param name="received">Told of the bytes that have come so far.</param>
    /// <returns>The bytes that came; more than <paramref name="most"/> where the server sends more.</returns>
    /// <exception cref="HubTransientException">The connection broke.</exception>
    public async Task<long> CopyAsync(HubResponse response, Stream destination, long most, CancellationToken cancellation, Action<long>? received = null)
    {
        byte[] buffer = new byte[1 << 17];
        long count = 0;
        Stream body = await AnswerAsync(response.ReadAsync, cancellation).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            while (count <= most)
            {
                int read = await AnswerAsync(token => body.ReadAsync(buffer, token).AsTask(), cancellation).ConfigureAwait(false);
                if (read == 0)
                {
                    break;
                }

                count += read;
                if (count <= most)
                {
                    await destination.WriteAsync(buffer.AsMemory(0, read), cancellation).ConfigureAwait(false);
                }

                received?.Invoke(count);
            }
        }

        return count;
    }

    /// <summary>Tries until it succeeds, or fails for good.</summary>
    /// <exception cref="InputException">Every try failed.</exception>
    public async Task<T> RetryAsync<T>(string subject, Func<Task<T>> attempt, CancellationToken cancellation)
    {
        for (int failures = 1; ; failures++)
        {
            try
            {
                return await attempt().ConfigureAwait(false);
            }
            catch (HubTransientException exception)
            {
                failures = exception.HasProgress ? 1 : failures;
                if (failures >= _settings.Attempts)
                {
                    throw new InputException(
                        subject, $"{exception.Message} (tried {failures} times)", "check the network and give the same command again: what is downloaded is kept", exception);
                }

                TimeSpan backOff = _settings.FirstDelay * Math.Pow(2, failures - 1);
                TimeSpan delay = exception.RetryAfter ?? (backOff < _longestDelay ? backOff : _longestDelay);
                if (delay > _settings.LongestWait)
                {
                    throw new InputException(
                        subject, $"{exception.Message}, and asks to be left alone for {Seconds(delay)}", "give the same command again after that time; with a token in HF_TOKEN more is allowed", exception);
                }

                _message($"{subject}: {exception.Message}; trying again in {Seconds(delay)}");
                await Task.Delay(delay, cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.#} s");

    private static bool IsSameOrigin(Uri left, Uri right) =>
        left.Scheme == right.Scheme && left.Port == right.Port && string.Equals(left.IdnHost, right.IdnHost, StringComparison.OrdinalIgnoreCase);

    private Uri Address(string path) => new(_settings.Endpoint.AbsoluteUri.TrimEnd('/') + "/" + path);

    private Uri FileAddress(HubName name, string commit, string path) =>
        Address($"{name.Repository}/resolve/{commit}/{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}");

    private async Task<HubResponse> SendAsync(HttpMethod method, Uri address, long from, CancellationToken cancellation)
    {
        string? hash = null;
        string? commit = null;
        long? size = null;
        Uri current = address;
        for (int hops = 0; hops <= MostRedirections; hops++)
        {
            bool isHub = IsSameOrigin(current, _settings.Endpoint);
            using HttpRequestMessage request = new(method, current);
            if (isHub && _settings.Token is { } token)
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            }

            if (from > 0)
            {
                request.Headers.Range = new RangeHeaderValue(from, null);
            }

            HttpResponseMessage message = await AnswerAsync(limit => _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit), cancellation).ConfigureAwait(false);
            if (isHub)
            {
                // What a CDN calls an ETag is of its own making.
                hash ??= Hash(HubResponse.Header(message, "X-Linked-Etag")) ?? Hash(HubResponse.Header(message, "ETag"));
                commit ??= HubResponse.Header(message, "X-Repo-Commit");
                size ??= long.TryParse(HubResponse.Header(message, "X-Linked-Size"), NumberStyles.None, CultureInfo.InvariantCulture, out long linked) ? linked : null;
            }

            Uri? next = (int)message.StatusCode is 301 or 302 or 303 or 307 or 308 && message.Headers.Location is { } location && Uri.TryCreate(current, location, out Uri? target) ? target : null;

            // Where a file lies elsewhere, the hub has said all that is asked of it.
            if (next is null || (method == HttpMethod.Head && !IsSameOrigin(next, _settings.Endpoint)))
            {
                return new HubResponse(message) { IsOfHub = isHub, Hash = hash, Commit = commit, LinkedSize = size };
            }

            message.Dispose();
            if (!(next.Scheme == "https" || (next.Scheme == "http" && current.Scheme == "http")))
            {
                throw new InputException(address.AbsoluteUri, $"leads to an address that is not safe to follow ({next.Scheme}:)", "check HF_ENDPOINT and the network");
            }

            current = next;
        }

        throw new InputException(address.AbsoluteUri, $"leads from one address to the next more than {MostRedirections} times", "check HF_ENDPOINT, or try again later");
    }

    // "W/" marks an ETag of content that may have been compressed on the way.
    private static string? Hash(string? etag) => etag is null ? null : (etag.StartsWith("W/", StringComparison.Ordinal) ? etag[2..] : etag).Trim('"');

    private async Task<T> AnswerAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken cancellation)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(_settings.Timeout);
        try
        {
            return await ask(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (!cancellation.IsCancellationRequested)
        {
            throw new HubTransientException($"the server said nothing for {Seconds(_settings.Timeout)}", exception);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            throw new HubTransientException($"the connection failed ({exception.Message.TrimEnd('.')})", exception);
        }
    }
}
