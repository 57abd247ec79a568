namespace CircuitLasso.Cli;

/// <summary>Where a command reads its clock and its environment, and writes its results and messages.</summary>
/// <param name="Output">Results.</param>
/// <param name="Error">Messages and progress.</param>
internal sealed record CommandConsole(TextWriter Output, TextWriter Error)
{
    /// <summary>Whether results go to a terminal, which can show colours.</summary>
    public bool OutputIsTerminal { get; init; }

    /// <summary>Whether messages go to a terminal, on which a line can be drawn anew.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>Columns of the output.</summary>
    public int Width { get; init; } = 120;

    /// <summary>The clock that progress is measured with.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Gives the value of an environment variable, or null.</summary>
    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>The console of this process.</summary>
    internal static CommandConsole OfProcess() => new(Console.Out, Console.Error)
    {
        OutputIsTerminal = !Console.IsOutputRedirected,
        ErrorIsTerminal = !Console.IsErrorRedirected,
        Width = Console.IsOutputRedirected ? 120 : Math.Clamp(Console.WindowWidth, 60, 160),
    };
}
