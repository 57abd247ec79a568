using System.CommandLine;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli.Tests;

public sealed class CommandLineApplicationTests
{
    [Theory]
    [InlineData("")]
    [InlineData("--help")]
    [InlineData("-h")]
    public void Help_comes_on_standard_output_and_lists_every_command(string arguments)
    {
        (int exitCode, string output, string error) = CommandLine.Run(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(0, exitCode);
        Assert.Empty(error);
        Assert.Contains("circuitlasso [command] [options]", output, StringComparison.Ordinal);
        Assert.All(CommandTable.Create(), entry => Assert.Contains($"  {entry.Group ?? entry.Command.Name} ", output, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_command_and_option_has_a_description()
    {
        foreach ((string? group, ToolCommand command) in CommandTable.Create())
        {
            Assert.True(command.Description is { Length: > 10 }, command.Name);
            Assert.True(group is null || CommandTable.Groups.ContainsKey(group), group);
            Assert.All(command.Options, option => Assert.True(option.Description is { Length: > 10 }, $"{command.Name} {option.Name}"));
            Assert.All(command.Arguments, argument => Assert.True(argument.Description is { Length: > 5 }, $"{command.Name} {argument.Name}"));
        }
    }

    [Theory]
    [InlineData("nonsense", "error: 'nonsense' is no command, option or argument here; see 'circuitlasso --help'")]
    [InlineData("circuit", "error: Required command was not provided; see 'circuitlasso circuit --help'")]
    [InlineData("circuit show", "error: Required argument missing for command: 'show'; see 'circuitlasso circuit show --help'")]
    [InlineData("circuit show a b", "error: 'b' is no command, option or argument here; see 'circuitlasso circuit show --help'")]
    [InlineData("circuit show a --edges 0", "error: --edges takes a whole number of at least 1, not '0'; see 'circuitlasso circuit show --help'")]
    [InlineData("circuit show a --edges ten", "error: --edges takes a whole number of at least 1, not 'ten'; see 'circuitlasso circuit show --help'")]
    [InlineData("circuit show a --threads -1", "error: --threads takes a whole number of at least 1, not '-1'; see 'circuitlasso circuit show --help'")]
    [InlineData("collect --model a --text b --out c --max-tokens 99999999999", "error: Cannot parse argument '99999999999' for option '--max-tokens' as a whole number; see 'circuitlasso collect --help'")]
    [InlineData("learn --store a --out b --lambda much", "error: Cannot parse argument 'much' for option '--lambda' as a number; see 'circuitlasso learn --help'")]
    [InlineData("circuit show @missing", "error: @missing: does not exist; give a circuit file (.circuit)")]
    public void A_wrong_command_line_ends_with_2_and_one_line(string arguments, string line)
    {
        (int exitCode, string output, string error) = CommandLine.Run(arguments.Split(' '));
        Assert.Equal(2, exitCode);
        Assert.Empty(output);
        Assert.Equal(line + Environment.NewLine, error);
    }

    [Fact]
    public void Bad_input_ends_with_2_and_one_line_without_control_characters()
    {
        (int exitCode, string output, string error) = CommandLine.Run(new Stub(() => throw new InputException("a\u001b[31m\nb", "is wrong", "mend it")), default);
        Assert.Equal(2, exitCode);
        Assert.Empty(output);
        Assert.Equal("error: a?[31m?b: is wrong; mend it" + Environment.NewLine, error);
    }

    [Fact]
    public void A_failing_disk_ends_with_2()
    {
        (int exitCode, _, string error) = CommandLine.Run(new Stub(() => throw new IOException("No space left on device")), default);
        Assert.Equal(2, exitCode);
        Assert.StartsWith("error: No space left on device; ", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_defect_ends_with_1_and_one_line_without_a_stack()
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable("CIRCUITLASSO_DEBUG") == "1", "CIRCUITLASSO_DEBUG is set");
        (int exitCode, _, string error) = CommandLine.Run(new Stub(() => throw new InvalidOperationException("one\ntwo")), default);
        Assert.Equal(1, exitCode);
        Assert.Equal(
            "error: a defect of this program: InvalidOperationException: one two; set CIRCUITLASSO_DEBUG=1 to see where, and report it" + Environment.NewLine,
            error);
    }

    [Theory]
    [InlineData(true, "interrupted: what is done is kept, and the same command goes on from there")]
    [InlineData(false, "interrupted: nothing was written; give the same command again")]
    public void An_interrupt_ends_with_130_and_says_how_to_go_on(bool resumes, string message)
    {
        using CancellationTokenSource cancellation = new();
        Stub stub = new(() =>
        {
            cancellation.Cancel();
            return ExitCode.Done;
        })
        {
            CanResume = resumes,
        };
        (int exitCode, _, string error) = CommandLine.Run(stub, cancellation.Token);
        Assert.Equal(130, exitCode);
        Assert.Equal(message + Environment.NewLine, error);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void The_exit_code_of_a_command_is_passed_on(int code) => Assert.Equal(code, CommandLine.Run(new Stub(() => code), default).ExitCode);

    [Fact]
    public void Threads_are_set_for_the_command_and_put_back_after_it()
    {
        int before = DeterministicParallel.Threads;
        int during = 0;
        CommandLine.Run(new Stub(() => during = DeterministicParallel.Threads), default, "--threads", "7");
        Assert.Equal(7, during);
        Assert.Equal(before, DeterministicParallel.Threads);
    }

    [Fact]
    public void Quiet_leaves_out_messages()
    {
        Assert.Equal("hello" + Environment.NewLine, CommandLine.Run(new Stub(() => 0) { Message = "hello" }, default).Error);
        Assert.Empty(CommandLine.Run(new Stub(() => 0) { Message = "hello" }, default, "--quiet").Error);
    }

    private sealed class Stub(Func<int> run) : ToolCommand("stub", "a command for tests")
    {
        internal string? Message { get; init; }

        internal bool CanResume { get; init; }

        internal override bool Resumes => CanResume;

        internal override int Run(ParseResult options, CommandContext context)
        {
            if (Message is not null)
            {
                context.Message(Message);
            }

            int code = run();
            context.Cancellation.ThrowIfCancellationRequested();
            return code;
        }
    }
}
