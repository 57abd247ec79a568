using System.CommandLine;

namespace CircuitLasso.Cli;

/// <summary>
/// A command of the tool. A derived class adds its options in its constructor, parses nothing itself, calls the library and prints; it is
/// registered in <see cref="CommandTable"/>.
/// </summary>
internal abstract class ToolCommand : Command
{
    /// <summary>Creates the command.</summary>
    /// <param name="name">Its name on the command line.</param>
    /// <param name="description">What it does, for <c>--help</c>.</param>
    protected ToolCommand(string name, string description)
        : base(name, description)
    {
    }

    /// <summary>Whether the same command goes on where an interrupted one stopped; otherwise an interrupted one leaves nothing behind.</summary>
    internal virtual bool Resumes => false;

    /// <summary>Does the work.</summary>
    /// <param name="options">The parsed command line.</param>
    /// <param name="context">Where to write, and when to stop.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    /// <exception cref="Numerics.InputException">Something that the user gave is wrong.</exception>
    /// <exception cref="OperationCanceledException">The user interrupted.</exception>
    internal abstract int Run(ParseResult options, CommandContext context);
}
