using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CircuitLasso.Testing;

/// <summary>A small HTTP server on 127.0.0.1 that can break off, lie and be silent. One request a connection.</summary>
public sealed class LoopbackServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<LoopbackRequest> _requests = new();
    private readonly Func<LoopbackRequest, LoopbackReply> _answer;

    /// <summary>Starts it.</summary>
    /// <param name="answer">Gives the answers, from several threads.</param>
    public LoopbackServer(Func<LoopbackRequest, LoopbackReply> answer)
    {
        _answer = answer;
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>Its address, without a final '/'.</summary>
    public string Address => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>The requests so far.</summary>
    public IReadOnlyList<LoopbackRequest> Requests => [.. _requests];

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Cancel();
        _listener.Stop();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        CancellationToken stop = _stop.Token;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(stop), stop);
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(TcpClient client, CancellationToken stop)
    {
        using TcpClient connection = client;
        try
        {
            NetworkStream stream = connection.GetStream();
            LoopbackRequest request = await ReadAsync(stream, stop);
            _requests.Enqueue(request);
            LoopbackReply reply = _answer(request);
            if (reply.IsSilent)
            {
                await Task.Delay(Timeout.Infinite, stop);
            }

            await WriteAsync(stream, request, reply, stop);
            if (reply.CutAfter is null)
            {
                // What a client has not read yet would be lost with a connection that is reset.
                connection.Client.Shutdown(SocketShutdown.Send);
                _ = await stream.ReadAsync(new byte[1], stop);
            }
        }
        catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The client went away, or the test is over.
        }
    }

    private static async Task<LoopbackRequest> ReadAsync(NetworkStream stream, CancellationToken stop)
    {
        List<byte> head = [];
        byte[] one = new byte[1];
        while (!(head.Count >= 4 && head[^1] == '\n' && head[^2] == '\r' && head[^3] == '\n'))
        {
            head.Add(await stream.ReadAsync(one, stop) == 1 ? one[0] : throw new IOException("The client went away."));
        }

        string[] lines = Encoding.ASCII.GetString([.. head]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        string[] first = lines[0].Split(' ');
        return new LoopbackRequest(
            first[0], first[1], lines.Skip(1).Select(line => line.Split(':', 2)).ToDictionary(pair => pair[0], pair => pair[1].Trim(), StringComparer.OrdinalIgnoreCase));
    }

    private static async Task WriteAsync(NetworkStream stream, LoopbackRequest request, LoopbackReply reply, CancellationToken stop)
    {
        StringBuilder head = new($"HTTP/1.1 {reply.Status} Status\r\nConnection: close\r\n");
        foreach ((string name, string value) in reply.Headers)
        {
            head.Append(name).Append(": ").Append(value).Append("\r\n");
        }

        long length = reply.ClaimedLength ?? reply.Body.Length;
        if (length >= 0 && !reply.IsEndless)
        {
            head.Append("Content-Length: ").Append(length).Append("\r\n");
        }

        await stream.WriteAsync(Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()), stop);
        if (request.Method == "HEAD")
        {
            return;
        }

        do
        {
            await stream.WriteAsync(reply.Body.AsMemory(0, Math.Min(reply.CutAfter ?? reply.Body.Length, reply.Body.Length)), stop);
        }
        while (reply.IsEndless);
    }
}
