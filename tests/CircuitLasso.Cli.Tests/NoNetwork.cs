using System.Runtime.CompilerServices;

namespace CircuitLasso.Cli.Tests;

/// <summary>Keeps every test of this project, and every process that it starts, from the hub and from the user's own cache and token.</summary>
internal static class NoNetwork
{
    [ModuleInitializer]
    internal static void Switch()
    {
        string nowhere = Path.Combine(Path.GetTempPath(), "circuitlasso-no-cache");
        Environment.SetEnvironmentVariable("HF_HUB_OFFLINE", "1");
        Environment.SetEnvironmentVariable("HF_ENDPOINT", "http://127.0.0.1:9");
        Environment.SetEnvironmentVariable("HF_HOME", nowhere);
        Environment.SetEnvironmentVariable("HF_HUB_CACHE", nowhere);
        Environment.SetEnvironmentVariable("HF_TOKEN", null);
    }
}
