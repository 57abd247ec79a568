using System.Security.Cryptography;
using System.Text;
using CircuitLasso.Regression;

namespace CircuitLasso.Cli;

/// <summary>The targets that an interrupted <c>solve</c> had done, in a file beside the one it was to write.</summary>
internal sealed class SolveCheckpoint(SolveRequest request, int features, int targets)
{
    private readonly SolvedTargets _solved = new(features, targets, request.PathLength);

    /// <summary>What is done already, from the file that an interrupted run of the same command left; nothing where there is none.</summary>
    /// <exception cref="Numerics.InputException">The file is of another command.</exception>
    internal SolvedTargets Open(CommandContext context)
    {
        if (File.Exists(PathOf(request)))
        {
            _solved.Read(PathOf(request), Fingerprint());
            context.Message(FormattableString.Invariant($"{PathOf(request)}: going on after {_solved.Done:N0} targets that an interrupted run had done"));
        }

        return _solved;
    }

    /// <summary>Writes what is done; false where that is nothing.</summary>
    internal bool Keep()
    {
        if (_solved.Done == 0)
        {
            return false;
        }

        _solved.Write(PathOf(request), Fingerprint());
        return true;
    }

    /// <summary>Deletes the file, once the whole answer is written.</summary>
    internal static void Delete(SolveRequest request) => File.Delete(PathOf(request));

    private static string PathOf(SolveRequest request) => Path.Combine(Path.GetDirectoryName(request.Out) ?? "", Path.GetFileNameWithoutExtension(request.Out) + ".partial.npz");

    // The options and every byte of the files: a record prints all of its members.
    private byte[] Fingerprint()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(request.ToString()));
        byte[] buffer = new byte[1 << 20];
        foreach (string? path in (string?[])[request.Design, request.Targets])
        {
            if (path is not null)
            {
                using FileStream file = File.OpenRead(path);
                for (int count; (count = file.Read(buffer)) > 0;)
                {
                    hash.AppendData(buffer, 0, count);
                }
            }
        }

        return hash.GetHashAndReset();
    }
}
