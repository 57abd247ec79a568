using System.CommandLine;

namespace CircuitLasso.Cli;

/// <summary>The options that every command takes.</summary>
internal sealed class GlobalOptions
{
    /// <summary>Creates the options and adds them to the root.</summary>
    internal GlobalOptions(Command root)
    {
        root.Add(Threads);
        root.Add(Json);
        root.Add(Quiet);
    }

    internal Option<int?> Threads { get; } = new Option<int?>("--threads")
    {
        Description = "Threads to compute with [default: the number of processors]. Results do not depend on it.",
        HelpName = "N",
        Recursive = true,
    }.AtLeast(1);

    internal Option<bool> Json { get; } = new("--json")
    {
        Description = "Print the result as exactly one JSON object.",
        Recursive = true,
    };

    internal Option<bool> Quiet { get; } = new("--quiet")
    {
        Description = "No messages and no progress on standard error, only errors.",
        Recursive = true,
    };
}
