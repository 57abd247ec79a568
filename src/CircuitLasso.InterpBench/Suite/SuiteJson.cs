using System.Text.Json;

namespace CircuitLasso.InterpBench;

/// <summary>How the suite writes JSON: snake case.</summary>
internal static class SuiteJson
{
    internal static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
}
