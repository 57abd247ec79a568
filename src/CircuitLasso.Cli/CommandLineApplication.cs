using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli;

/// <summary>The tool without its process: parses a command line, runs the command, turns every failure into one line and an exit code.</summary>
internal static class CommandLineApplication
{
    private const string Name = "circuitlasso";
    private const string Description =
        "Learns circuits inside language models by sparse regression.\n\n"
        + "Results go to standard output, messages and progress to standard error.\n"
        + "Exit codes: 0 done; 1 a defect of this program; 2 bad input; 3 finished, but a check or a certificate failed; 130 interrupted.";

    /// <summary>Runs one command line.</summary>
    /// <param name="arguments">The arguments after the program's name.</param>
    /// <param name="output">Takes the results.</param>
    /// <param name="error">Takes messages and progress.</param>
    /// <param name="cancellation">Interrupts the command.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    internal static int Run(IReadOnlyList<string> arguments, TextWriter output, TextWriter error, CancellationToken cancellation = default) =>
        Run(arguments, new CommandConsole(output, error), cancellation);

    /// <inheritdoc cref="Run(IReadOnlyList{string}, TextWriter, TextWriter, CancellationToken)"/>
    internal static int Run(IReadOnlyList<string> arguments, CommandConsole console, CancellationToken cancellation = default) =>
        Run(arguments, console, CommandTable.Create(), cancellation);

    /// <summary>Runs one command line against commands of the caller's own.</summary>
    internal static int Run(
        IReadOnlyList<string> arguments, CommandConsole console, IEnumerable<(string? Group, ToolCommand Command)> commands, CancellationToken cancellation)
    {
        // A RootCommand would call itself by the name of the executable file.
        Command root = new(Name, Description) { new HelpOption { Recursive = true }, new VersionOption() };
        GlobalOptions global = new(root);
        foreach ((string? group, ToolCommand command) in commands)
        {
            command.SetAction((parsed, token) => Task.FromResult(Run(command, parsed, global, console, token)));
            Parent(root, group).Add(command);
        }

        InvocationConfiguration invocation = new()
        {
            Output = console.Output,
            Error = console.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        return Guard(console, Invoke);

        int Invoke()
        {
            ParserConfiguration parser = new() { ResponseFileTokenReplacer = null };
            ParseResult result = CommandLineParser.Parse(root, arguments.Count > 0 ? arguments : ["--help"], parser);
            return result.Errors.Count > 0 && result.Action is not HelpAction
                ? ReportParseError(result, console)
                : result.InvokeAsync(invocation, cancellation).GetAwaiter().GetResult();
        }
    }

    private static Command Parent(Command root, string? group)
    {
        if (group is null)
        {
            return root;
        }

        Command? existing = root.Subcommands.FirstOrDefault(command => command.Name == group);
        if (existing is null)
        {
            existing = new Command(group, CommandTable.Groups.GetValueOrDefault(group));
            root.Add(existing);
        }

        return existing;
    }

    private static int Run(ToolCommand command, ParseResult parsed, GlobalOptions global, CommandConsole console, CancellationToken cancellation)
    {
        int threadsBefore = DeterministicParallel.Threads;
        try
        {
            DeterministicParallel.Threads = parsed.GetValue(global.Threads) ?? threadsBefore;
            return command.Run(parsed, new CommandContext(console, parsed.GetValue(global.Json), parsed.GetValue(global.Quiet), cancellation));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            console.Error.WriteLine(command.Resumes
                ? "interrupted: what is done is kept, and the same command goes on from there"
                : "interrupted: nothing was written; give the same command again");
            return ExitCode.Interrupted;
        }
        finally
        {
            DeterministicParallel.Threads = threadsBefore;
        }
    }

    private static int ReportParseError(ParseResult result, CommandConsole console)
    {
        // What is not known comes first: the library's other complaints (a missing command, say) follow from it.
        string problem = result.UnmatchedTokens.Count > 0
            ? $"'{result.UnmatchedTokens[0]}' is no command, option or argument here"
            : result.Errors[0].Message.TrimEnd('.')
                .Replace("System.Nullable`1[System.Int32]", "System.Int32", StringComparison.Ordinal)
                .Replace("System.Nullable`1[System.Double]", "System.Double", StringComparison.Ordinal)
                .Replace("as expected type 'System.Int32'", "as a whole number", StringComparison.Ordinal)
                .Replace("as expected type 'System.Double'", "as a number", StringComparison.Ordinal);
        List<string> words = [];
        for (SymbolResult? symbol = result.CommandResult; symbol is CommandResult command; symbol = symbol.Parent)
        {
            words.Insert(0, command.Command.Name);
        }

        console.Error.WriteLine($"error: {OneLine(problem)}; see '{string.Join(' ', words)} --help'");
        return ExitCode.BadInput;
    }

    private static int Guard(CommandConsole console, Func<int> run)
    {
        try
        {
            return run();
        }
        catch (InputException exception)
        {
            console.Error.WriteLine($"error: {exception.Message}");
            Debug(console, exception);
            return ExitCode.BadInput;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            console.Error.WriteLine($"error: {OneLine(exception.Message).TrimEnd('.')}; check the path, its permissions and the free space");
            Debug(console, exception);
            return ExitCode.BadInput;
        }
#pragma warning disable CA1031 // The last line of defence: whatever escapes is a defect, and people get one line of it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            console.Error.WriteLine(
                $"error: a defect of this program: {exception.GetType().Name}: {OneLine(exception.Message)}; set CIRCUITLASSO_DEBUG=1 to see where, and report it");
            Debug(console, exception);
            return ExitCode.Defect;
        }
    }

    private static void Debug(CommandConsole console, Exception exception)
    {
        if (Environment.GetEnvironmentVariable("CIRCUITLASSO_DEBUG") == "1")
        {
            console.Error.WriteLine(exception);
        }
    }

    private static string OneLine(string text) => string.Create(text.Length, text, static (span, source) =>
    {
        for (int i = 0; i < span.Length; i++)
        {
            span[i] = char.IsControl(source[i]) ? ' ' : source[i];
        }
    });
}
