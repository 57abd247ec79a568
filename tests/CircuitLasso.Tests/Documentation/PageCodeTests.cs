using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Regression;
using CircuitLasso.Tensors;
using CircuitLasso.Testing;

namespace CircuitLasso.Tests;

/// <summary>Runs the C# of the pages for users, letter by letter; a test of the command line compares it with the pages.</summary>
public sealed class PageCodeTests
{
    [Fact]
    public void The_code_of_docs_grammar_makes_text_and_examples()
    {
        PhraseGrammar grammar = EmbeddedGrammar.Load();
        IEnumerable<string> text = grammar.GenerateTrainingText(seed: 1).Take(100_000);
        IReadOnlyList<GrammarExample> examples = grammar.GenerateExamples(seed: 1, count: 1_100, ExampleSplit.HeldOut);

        Assert.EndsWith(" .", text.First(), StringComparison.Ordinal);
        Assert.Equal(1_100, examples.Count);
    }

    [Fact]
    public void The_code_of_docs_models_switches_an_MLP_off()
    {
        using TemporaryFolder temporary = new();
        string folder = temporary.Root;
        EmbeddedModel.Extract(folder);
        using TransformerModel model = ModelCheckpoint.Load(folder);
        Tokenizer tokenizer = Tokenizer.Load(folder);
        ForwardHooks hooks = new();
        hooks.Add(Site.Parse("mlp_out.1"), (site, value) => value.Scale(0));
        using IDisposable mode = GradientMode.Disable();
        using TensorScope scope = new();
        Tensor logits = model.Forward(new TokenBatch([tokenizer.Encode("Once upon a time")]), hooks, LogitPositions.Last);

        Tensor plain = model.Forward(new TokenBatch([tokenizer.Encode("Once upon a time")]), null, LogitPositions.Last);
        Assert.NotEqual(plain.ToArray(), logits.ToArray());
    }

    [Fact]
    public void The_code_of_docs_regression_solves_a_path()
    {
        const int columns = 144;
        Random random = new(1);
        double[] rows = [.. Enumerable.Range(0, 300 * columns).Select(_ => random.NextDouble() - 0.5)];
        using GramAccumulator accumulator = new(columns);
        accumulator.Add(rows);                                   // float or double, as often as there are rows
        using GramStatistics statistics = accumulator.Finish();
        BlockOrder order = new([
            new("embed",  0, 64, Place: 0, BlockRole.SourceOnly),
            new("a0.h0", 64,  8, Place: 1), new("a0.h1", 72, 8, Place: 1),
            new("m0",    80, 64, Place: 2)]);
        using BlockProblem problem = new(statistics, order, intercept: true, standardize: true);
        LambdaPath path = LambdaPath.Fit(problem);

        Assert.All(path.Solutions, solution => Assert.True(solution.Converged));
    }

    [Fact]
    public void The_code_of_docs_regression_solves_a_shared_design()
    {
        Random random = new(2);
        float[] dense = [.. Enumerable.Range(0, 200 * 30).Select(_ => random.Next(5) == 0 ? (float)random.NextDouble() : 0)];
        CompressedColumns<float> x = Compress(dense, 200, 30), y = Compress(dense[(200 * 25)..], 200, 5);
        using SharedDesign design = SharedDesign.Create(x, centred: true);              // CompressedColumns<float>: sparse stays sparse
        using SharedGram? gram = design.ComputeGram(maximumBytes: 2L << 30);            // null where it would take more
        SharedGramOptions settings = new() { LambdaRatio = 0.1, ColumnBytes = 1L << 30 };
        SharedGramSolution found = SharedGramSolver.Solve(design, gram, y, settings);   // or SolveBlocks, on the design's own columns

        Assert.NotNull(gram);
        Assert.Equal(0, found.Missed);

        // The targets are the last columns of the design.
        Assert.All(Enumerable.Range(0, 5), target => Assert.Equal([25 + target], found.Coefficients.RowsOf(target).ToArray()));
    }

    [Fact]
    public void The_code_of_docs_regression_solves_by_groups()
    {
        const int columns = 16;
        Random random = new(1);
        double[] rows = [.. Enumerable.Range(0, 100 * columns).Select(_ => random.NextDouble() - 0.5)];
        using GramAccumulator accumulator = new(columns);
        accumulator.Add(rows);
        using GramStatistics statistics = accumulator.Finish();
        using BlockProblem problem = new(statistics, new BlockOrder([new("x", 0, 8, 0), new("z", 8, 8, 1)]));
        ColumnGroups groups = ColumnGroups.Neighbours(columns, size: 4);        // or any columns and weights; weights default to the root of the size
        double lambda = 0.1 * groups.MaximumLambda(problem);                    // 2 max ||X_g'y|| / weight_g leaves a target empty
        LassoSolution solution = new GroupDescentSolver().Solve(problem, new GroupL1Penalty(lambda, groups));

        Assert.True(solution.Converged);
        Assert.Equal(0, solution.Coefficients.NonZeros % 4);
    }

    private static CompressedColumns<float> Compress(float[] byColumn, int rows, int columns)
    {
        long[] starts = new long[columns + 1];
        List<int> indices = [];
        List<float> values = [];
        for (int at = 0; at < rows * columns; at++)
        {
            if (byColumn[at] != 0)
            {
                indices.Add(at % rows);
                values.Add(byColumn[at]);
            }

            starts[(at / rows) + 1] = indices.Count;
        }

        return new CompressedColumns<float>(rows, starts, [.. indices], [.. values]);
    }
}
