using System.Text.RegularExpressions;
using CircuitLasso.Testing;

namespace CircuitLasso.InterpBench.Tests;

/// <summary>What docs/programs.md shows and claims.</summary>
public sealed class ProgramPageTests
{
    [Fact]
    public void The_example_of_the_page_parses_runs_and_has_the_circuit_that_the_page_states()
    {
        string page = File.ReadAllText(Path.Combine(SharedData.RepositoryRoot, "docs", "programs.md"));
        using TemporaryFolder folder = new();
        string path = folder.PathOf("share.json");
        File.WriteAllText(path, Regex.Match(page, "```json\n(.*?)```", RegexOptions.Singleline).Groups[1].Value);
        KnownProgram program = KnownProgram.Load(path);
        ProgramInterpreter interpreter = new(program);
        int[] input = new ProgramSampler(program, seed: 1).Sample();
        float[] shares = new float[input.Length];
        interpreter.Run(input, shares);
        Assert.Equal(input.Skip(1).Take(1).Select(id => id == program.TokenIds["x"] ? 1f : 0f), shares[1..2]);

        int[] stated = [.. "BOS c x x c".Split(' ').Select(word => program.TokenIds[word])];
        interpreter.Run(stated, shares);
        Assert.Equal([0f, 0f, 0.5f, (float)(2.0 / 3), 0.5f], shares);
        interpreter.RunWithSwap("m0", stated, input, shares);
        Assert.Equal(["m0", "a1.h0"], program.Layout.Select(component => component.Component));
        Assert.Equal(["input -> m0", "input -> a1.h0", "m0 -> a1.h0", "a1.h0 -> logits"], program.Truth.Select(edge => $"{edge.Source} -> {edge.Target}"));
        Assert.Equal((2, 4, 8), (program.Shape.Layers, program.Shape.Heads, program.OutsideNodes.Count));
    }
}
