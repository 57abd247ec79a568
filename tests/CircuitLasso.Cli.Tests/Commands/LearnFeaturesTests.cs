using System.Text.Json;
using CircuitLasso.Testing;

namespace CircuitLasso.Cli.Tests;

public sealed class LearnFeaturesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_store_of_features_gives_a_circuit_that_show_prints_and_the_prompt_beside_it()
    {
        string store = WriteStore(), file = _folder.PathOf("a.circuit");
        (int exitCode, string output, string error) = CommandLine.Run("learn", "--store", store, "--target", "score", "--prompt", "3", "--out", file, "--quiet");
        Assert.Equal((0, string.Empty), (exitCode, error));
        Assert.Contains("held-out R2", output, StringComparison.Ordinal);
        Assert.Contains("resid_post.0: 1 features in the circuit", output, StringComparison.Ordinal);
        Circuit circuit = CircuitFile.Read(file);
        Assert.Equal(["resid_post.0/2", "resid_post.1/4", "logits"], circuit.NodesInCircuit());
        string shown = CommandLine.Run("circuit", "show", file).Output;
        Assert.Contains("resid_post.0/2", shown, StringComparison.Ordinal);
        Assert.Contains("enters at lambda", shown, StringComparison.Ordinal);
        Circuit prompt = CircuitFile.Read(_folder.PathOf("a.row3.circuit"));
        Assert.All(prompt.Edges, edge => Assert.NotNull(circuit.Edge(edge.Source, edge.Target)));
    }

    [Fact]
    public void Json_counts_nodes_and_edges_and_a_feature_may_be_what_is_explained()
    {
        string store = WriteStore(), file = _folder.PathOf("a.circuit");
        (int exitCode, string output, _) = CommandLine.Run("learn", "--store", store, "--toward", "resid_post.1/4", "--out", file, "--json", "--quiet");
        Assert.Equal(0, exitCode);
        JsonElement root = JsonDocument.Parse(output).RootElement;
        Assert.Equal("resid_post.1/4", root.GetProperty("target").GetString());
        Assert.Equal(1, root.GetProperty("circuit_edges").GetInt32());
        Assert.Equal(0, root.GetProperty("missed").GetInt32());
    }

    [Fact]
    public void With_a_shuffled_target_nothing_of_the_circuit_survives_and_its_circuits_are_written_beside_it()
    {
        string store = WriteStore(), file = _folder.PathOf("a.circuit");
        (int exitCode, string output, string error) = CommandLine.Run("learn", "--store", store, "--target", "score", "--shuffle-target", "2", "--out", file, "--quiet");
        Assert.Equal((0, string.Empty), (exitCode, error));
        Assert.Contains("shuffled target: not predictable, 0 edges; of the circuit 0 of 2 features and 0 of 2 edges survive", output, StringComparison.Ordinal);
        Assert.Equal(2, CircuitFile.Read(file).Edges.Count(edge => edge.InCircuit));
        Circuit first = CircuitFile.Read(_folder.PathOf("a.shuffled1.circuit")), second = CircuitFile.Read(_folder.PathOf("a.shuffled2.circuit"));
        Assert.Equal("rows in random order, seed 2", first.Provenance["target_shuffled"]);
        Assert.NotEqual(first.Metrics["target_lambda"], second.Metrics["target_lambda"]);

        // Without a number once; the same seed gives the same.
        (exitCode, output, _) = CommandLine.Run("learn", "--store", store, "--target", "score", "--out", _folder.PathOf("b.circuit"), "--json", "--quiet", "--shuffle-target");
        Assert.Equal(0, exitCode);
        JsonElement shuffled = Assert.Single(JsonDocument.Parse(output).RootElement.GetProperty("shuffled").EnumerateArray());
        Assert.Equal((false, 2, 0), (shuffled.GetProperty("predictable").GetBoolean(), shuffled.GetProperty("edges").GetInt32(), shuffled.GetProperty("surviving_edges").GetInt32()));
        Assert.Equal(File.ReadAllBytes(_folder.PathOf("a.shuffled1.circuit")), File.ReadAllBytes(_folder.PathOf("b.shuffled1.circuit")));
        Assert.False(File.Exists(_folder.PathOf("b.shuffled2.circuit")));

        (exitCode, output, error) = CommandLine.Run("circuit", "compare", file, _folder.PathOf("a.shuffled1.circuit"), "--quiet");
        Assert.Equal((0, string.Empty), (exitCode, error));
        Assert.Contains("0 of 2 features and 0 of 2 edges are found in", output, StringComparison.Ordinal);
    }

    [Fact]
    public void With_positions_kept_apart_texts_are_shuffled_and_circuits_match_position_by_position()
    {
        string store = WriteStore(tokens: 2), file = _folder.PathOf("a.circuit");
        (int exitCode, string output, string error) = CommandLine.Run("learn", "--store", store, "--target", "score", "--positions", "--shuffle-target", "--out", file, "--quiet");
        Assert.Equal((0, string.Empty), (exitCode, error));
        Assert.Equal(["resid_post.0/2@1->resid_post.1/4@1", "resid_post.1/4@1->logits"], CircuitFile.Read(file).Edges.Where(edge => edge.InCircuit).Select(edge => $"{edge.Source}->{edge.Target}"));
        Assert.Contains("of the circuit 0 of 2 features and 0 of 2 edges survive", output, StringComparison.Ordinal);
        (exitCode, output, error) = CommandLine.Run("circuit", "compare", file, file, "--quiet");
        Assert.Equal((0, string.Empty), (exitCode, error));
        Assert.Contains("2 of 2 features and 2 of 2 edges are found in", output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_lambda_of_the_target_is_chosen_by_the_rule_that_is_asked_for()
    {
        string store = WriteStore();
        Circuit Learn(params string[] options)
        {
            string file = _folder.PathOf("a.circuit");
            (int exitCode, _, string error) = CommandLine.Run(["learn", "--store", store, "--target", "score", "--out", file, "--quiet", .. options]);
            Assert.Equal((0, string.Empty), (exitCode, error));
            return CircuitFile.Read(file);
        }

        Circuit asIs = Learn(), criterion = Learn("--target-lambda", "criterion"), heldOut = Learn("--target-lambda", "held-out");
        Assert.Equal(asIs.Metrics["target_lambda"], criterion.Metrics["target_lambda"]);
        Assert.True(heldOut.Metrics["target_lambda"] < criterion.Metrics["target_lambda"]);
        Assert.Contains("held-out rows", heldOut.Provenance["target_lambda_rule"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("is for stores of dense sites", "--min-weight", "0.1")]
    [InlineData("stands beside --toward", "--toward", "resid_post.1/4", "--shuffle-target")]
    [InlineData("takes a whole number of at least 1, not '0'", "--shuffle-target", "0")]
    [InlineData("has no features of a site resid_post.9", "--toward", "resid_post.9/1")]
    [InlineData("is not a feature of the store", "--toward", "resid_post.1/99")]
    [InlineData("names neither a feature nor an error", "--toward", "resid_post.1")]
    [InlineData("stands beside --toward", "--toward", "resid_post.1/4", "--target", "score")]
    [InlineData("the store has no row 100000", "--prompt", "100000")]
    [InlineData("has no features of a site mlp_out.3", "--site", "mlp_out.3")]
    [InlineData("is not from 0 to 1", "--min-relevance", "2")]
    [InlineData("holds no labels", "--target", "label")]
    public void Wrong_options_end_in_one_line(string problem, params string[] options)
    {
        (int exitCode, _, string error) = CommandLine.Run(["learn", "--store", WriteStore(), "--out", _folder.PathOf("a.circuit"), "--quiet", .. options]);
        Assert.Equal(2, exitCode);
        Assert.Contains(problem, error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.False(File.Exists(_folder.PathOf("a.circuit")));
    }

    // Two sites of six features; feature 2 of the first makes feature 4 of the second, which decides the score. A row is a text, or one of its tokens.
    private string WriteStore(int? tokens = null)
    {
        const int Width = 6, Count = 400;
        string folder = _folder.PathOf("store");
        ActivationStoreManifest manifest = new()
        {
            Pooling = tokens is null ? Pooling.Mean : Pooling.None,
            Sites = [.. new[] { "resid_post.0", "resid_post.1" }.Select(name => new StoreSite { Name = name, Kind = StoreSiteKind.Sparse, Width = Width })],
            Targets = ["score", "logprob"],
        };
        Random random = new(4);
        using ActivationStoreWriter writer = ActivationStoreWriter.Open(folder, manifest, []);
        float[][,] values = [new float[Count, Width], new float[Count, Width]];
        float[] score = new float[Count];
        for (int row = 0; row < Count; row++)
        {
            for (int j = 0; j < Width; j++)
            {
                values[0][row, j] = random.NextDouble() < 0.3 ? (float)(0.5 + random.NextDouble()) : 0;
                values[1][row, j] = j == 4 ? 0.8f * values[0][row, 2] : random.NextDouble() < 0.3 ? (float)(0.5 + random.NextDouble()) : 0;
            }

            score[row] = (float)((2 * values[1][row, 4]) + (0.2 * random.NextDouble()));
        }

        writer.BeginBatch([.. Enumerable.Range(0, Count).Select(row => tokens is { } length ? new StoreRow(row / length, length, Position: row % length) : new StoreRow(row, 3))]);
        writer.WriteTarget("score", score);
        writer.WriteTarget("logprob", score);
        for (int site = 0; site < 2; site++)
        {
            (int Row, int Column)[] kept = [.. Enumerable.Range(0, Count * Width).Select(i => (i / Width, i % Width)).Where(at => values[site][at.Item1, at.Item2] != 0)];
            writer.WriteSparse(
                manifest.Sites[site].Name,
                [.. Enumerable.Range(0, Count + 1).Select(row => (long)kept.Count(at => at.Row < row))],
                [.. kept.Select(at => at.Column)],
                [.. kept.Select(at => values[site][at.Row, at.Column])]);
        }

        writer.EndBatch();
        writer.Complete();
        return folder;
    }
}
