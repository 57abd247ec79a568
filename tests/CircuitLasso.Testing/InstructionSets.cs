using System.Diagnostics;
using System.Runtime.Intrinsics.X86;
using System.Text.RegularExpressions;
using Xunit;

namespace CircuitLasso.Testing;

/// <summary>
/// Runs tests again in child processes in which the processor's instruction sets are switched off one after the other, so that every path of
/// a SIMD kernel is tested on one machine.
/// </summary>
/// <remarks>
/// Write the test of the kernel as usual, and beside it
/// <code>
/// [Fact]
/// public void Kernel_agrees_with_its_twin_on_every_instruction_set() => InstructionSets.RunWithEach(typeof(KernelTests), nameof(KernelTests.Kernel_agrees_with_its_twin));
/// </code>
/// The named test (a fact or a theory, or the whole class where no test is named) must not itself start children. A child takes about a
/// second longer than its tests, so one call over a theory is better than many calls.
/// </remarks>
public static partial class InstructionSets
{
    private const string SwitchVariable = "CIRCUITLASSO_TEST_SWITCHED_OFF";
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(5);

    /// <summary>The runtime's switches, from the widest set to none: without AVX-512; without AVX2 and FMA; no intrinsics at all.</summary>
    public static IReadOnlyList<string> Switches { get; } = ["EnableAVX512", "EnableAVX2", "EnableHWIntrinsic"];

    /// <summary>In a child, the switch that is off; null in the first process.</summary>
    public static string? SwitchedOff => Environment.GetEnvironmentVariable(SwitchVariable);

    /// <summary>Runs the test once for every one of <see cref="Switches"/>; fails with the child's output where the child fails or runs no test.</summary>
    /// <param name="testClass">The class of the test.</param>
    /// <param name="testMethod">The test; null runs all of the class.</param>
    public static void RunWithEach(Type testClass, string? testMethod = null)
    {
        ArgumentNullException.ThrowIfNull(testClass);
        Assert.True(SwitchedOff is null, "A test that starts children was named for a child.");
        foreach (string name in Switches)
        {
            Run(testClass, testMethod, new Dictionary<string, string> { ["DOTNET_" + name] = "0", [SwitchVariable] = name });
        }
    }

    /// <summary>
    /// Runs the test in one child process with these environment variables; fails with the child's output where the child fails or runs no test.
    /// </summary>
    /// <param name="testClass">The class of the test.</param>
    /// <param name="testMethod">The test; null runs all of the class.</param>
    /// <param name="environment">Variables added to those of this process.</param>
    public static void Run(Type testClass, string? testMethod, IReadOnlyDictionary<string, string> environment)
    {
        ArgumentNullException.ThrowIfNull(testClass);
        ArgumentNullException.ThrowIfNull(environment);
        ProcessStartInfo start = new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        string name = testMethod is null ? testClass.FullName! : $"{testClass.FullName}.{testMethod}";
        string[] arguments = [testClass.Assembly.Location, testMethod is null ? "-class" : "-method", name, "-noColor", "-noLogo", "-noAutoReporters", "-parallel", "none"];
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach ((string key, string value) in environment)
        {
            start.Environment[key] = value;
        }

        using Process child = Process.Start(start)!;
        Task<string> output = child.StandardOutput.ReadToEndAsync();
        Task<string> errors = child.StandardError.ReadToEndAsync();
        if (!child.WaitForExit(_limit))
        {
            child.Kill(entireProcessTree: true);
            Assert.Fail($"{name} did not end within {_limit} with {Describe(environment)}.");
        }

        string text = output.Result + errors.Result;
        Assert.True(child.ExitCode == 0, $"{name} failed with {Describe(environment)}:\n{text}");
        Match summary = Summary().Match(text);
        int ran = summary.Success ? int.Parse(summary.Groups[1].Value) - int.Parse(summary.Groups[2].Value) - int.Parse(summary.Groups[3].Value) : 0;
        Assert.True(ran > 0, $"{name} ran no test with {Describe(environment)}:\n{text}");
    }

    /// <summary>Whether the switch that this process was started with has done its work; true in the first process.</summary>
    public static bool SwitchWorks() => SwitchedOff switch
    {
        "EnableAVX512" => !Avx512F.IsSupported,
        "EnableAVX2" => !Avx2.IsSupported && !Fma.IsSupported,
        "EnableHWIntrinsic" => !System.Runtime.Intrinsics.Vector128.IsHardwareAccelerated,
        null => true,
        _ => false,
    };

    private static string Describe(IReadOnlyDictionary<string, string> environment) => string.Join(' ', environment.Select(pair => $"{pair.Key}={pair.Value}"));

    [GeneratedRegex(@"Total: (\d+), Errors: 0, Failed: 0, Skipped: (\d+), Not Run: (\d+)", RegexOptions.CultureInvariant)]
    private static partial Regex Summary();
}
