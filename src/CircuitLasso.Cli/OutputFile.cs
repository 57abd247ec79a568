using CircuitLasso.Numerics;

namespace CircuitLasso.Cli;

/// <summary>The rule for the file that a command writes.</summary>
internal static class OutputFile
{
    /// <summary>Refuses, before the work starts, a file that cannot be written, and one that the command reads and would lose.</summary>
    /// <param name="path">The file to write.</param>
    /// <param name="inputs">The files that the command reads.</param>
    /// <exception cref="InputException">The folder is missing or may not be written to, the path is a folder or a device, or it is one of the inputs.</exception>
    internal static void Require(string path, params IEnumerable<string> inputs)
    {
        string full = Path.GetFullPath(path);
        if (inputs.Any(input => Path.GetFullPath(input) == full))
        {
            throw new InputException(path, "is read by this command, which would replace it", "give --out another name");
        }

        new AtomicFile(path).Dispose();
    }
}
