using CircuitLasso.Testing;

namespace CircuitLasso.Models.Tests;

/// <summary>Small random models of every family, with tensors that <c>fixtures/reference.py</c> computed for them in float64 by code of its own.</summary>
internal static class FamilyFixtures
{
    /// <summary>All of them.</summary>
    public static string[] All { get; } =
    [
        "gpt2", "gpt_neox", "gpt_neox_sequential", "llama", "qwen2", "qwen3", "gemma2", "hooked_rms_bidirectional", "hooked_without_norm", "hooked_parallel",
    ];

    /// <summary>All of them, for theories.</summary>
    public static TheoryData<string> Names => new(All);

    /// <summary>The script that made them.</summary>
    public static string Script => Path.Combine(Root, "reference.py");

    private static string Root => Path.Combine(SharedData.RepositoryRoot, "tests", "CircuitLasso.Models.Tests", "Families", "fixtures");

    /// <summary>The folder of a model.</summary>
    public static string Folder(string name) => Path.Combine(Root, name);

    /// <summary>The reference of a model.</summary>
    public static string Reference(string name) => Path.Combine(Root, name, "reference.npz");
}
