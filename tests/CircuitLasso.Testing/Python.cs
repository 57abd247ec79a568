using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using Xunit;

namespace CircuitLasso.Testing;

/// <summary>Runs Python, where there is one, so that tests can compare with libraries that this project did not write.</summary>
public static class Python
{
    private static readonly string[] _interpreters = ["/usr/bin/python3", "python3", "python"];
    private static readonly ConcurrentDictionary<string, string?> _interpreterWith = new();

    /// <summary>Skips the running test, with the reason, where no Python has the module.</summary>
    /// <param name="module">The name to import: <c>numpy</c>, <c>sklearn</c>.</param>
    /// <param name="script">The program; its arguments are <c>sys.argv[1:]</c>.</param>
    /// <param name="arguments">The arguments.</param>
    /// <returns>What the program printed on standard output. A program that fails, fails the test with what it printed on standard error.</returns>
    public static string Run(string module, string script, params string[] arguments)
    {
        string? interpreter = _interpreterWith.GetOrAdd(
            module, static name => _interpreters.FirstOrDefault(candidate => Start(candidate, "import " + name, []) is { ExitCode: 0 }));
        Assert.SkipWhen(interpreter is null, $"there is no Python with {module} here");
        (int exitCode, string output, string error) = Start(interpreter, script, arguments)!.Value;
        Assert.True(exitCode == 0, error);
        return output;
    }

    private static (int ExitCode, string Output, string Error)? Start(string interpreter, string script, string[] arguments)
    {
        ProcessStartInfo start = new(interpreter, ["-c", script, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> error = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output, error.GetAwaiter().GetResult());
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
