using System.Text.Json;
using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Cli.Tests;

public sealed class CircuitCompareTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public CircuitCompareTests()
    {
        Write("a.circuit", ("resid_post.0/1", "resid_post.1/2", 0.5), ("resid_post.0/3", "resid_post.1/2", -2), ("resid_post.1/2", "y", 1));
        Write("b.circuit", ("resid_post.0/1", "resid_post.1/2", 0.25), ("resid_post.1/2", "y", 3));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void By_name_it_says_what_of_each_circuit_is_found_in_the_other_and_which_edges()
    {
        (int exitCode, string output, string error) = CommandLine.Run("circuit", "compare", _folder.PathOf("a.circuit"), _folder.PathOf("b.circuit"));
        Assert.Equal((0, string.Empty), (exitCode, error));
        Assert.Contains($"of {_folder.PathOf("a.circuit")} 2 of 3 features and 2 of 3 edges are found in {_folder.PathOf("b.circuit")}", output, StringComparison.Ordinal);
        Assert.Contains($"of {_folder.PathOf("b.circuit")} 2 of 2 features and 2 of 2 edges are found in {_folder.PathOf("a.circuit")}", output, StringComparison.Ordinal);
        Assert.Contains("resid_post.0/1 -> resid_post.1/2", output, StringComparison.Ordinal);
        Assert.DoesNotContain("resid_post.0/3", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_autoencoders_match_by_their_directions()
    {
        // Feature i of the one is feature i + 1 of the other.
        foreach ((string name, int shift) in new[] { ("one", 0), ("two", 1) })
        {
            foreach (int layer in (int[])[0, 1])
            {
                using SparseAutoencoder autoencoder = Axes(layer, shift);
                SaeLensFolder.Save(autoencoder, _folder.PathOf(name + layer));
            }
        }

        Write("c.circuit", ("resid_post.0/2", "resid_post.1/3", 7), ("resid_post.1/3", "y", 3));
        (int exitCode, string output, string error) = CommandLine.Run(
            "circuit", "compare", _folder.PathOf("a.circuit"), _folder.PathOf("c.circuit"), "--sae", _folder.PathOf("one0"), _folder.PathOf("one1"), "--other-sae", _folder.PathOf("two0"), _folder.PathOf("two1"), "--json");
        Assert.Equal((0, string.Empty), (exitCode, error));
        JsonElement root = JsonDocument.Parse(output).RootElement;
        Assert.Equal((3, 2, 3, 2), Numbers(root.GetProperty("survival")));
        Assert.Equal((2, 2, 2, 2), Numbers(root.GetProperty("survival_of_other")));
        Assert.Equal("resid_post.0/2", root.GetProperty("matches").GetProperty("resid_post.0/1")[0].GetString());
        Assert.Equal(["resid_post.1/3", "resid_post.0/2"], root.GetProperty("edges").EnumerateArray().Select(edge => edge.GetProperty("other_source").GetString()));
        Assert.Equal((3, 0, 3, 0), Numbers(JsonDocument.Parse(CommandLine.Run("circuit", "compare", _folder.PathOf("a.circuit"), _folder.PathOf("c.circuit"), "--json").Output).RootElement.GetProperty("survival")));
    }

    [Fact]
    public void Autoencoders_of_one_circuit_only_are_refused_in_one_line()
    {
        (int exitCode, _, string error) = CommandLine.Run("circuit", "compare", _folder.PathOf("a.circuit"), _folder.PathOf("b.circuit"), "--sae", "x");
        Assert.Equal(2, exitCode);
        Assert.Equal("error: --sae: needs --other-sae; name the autoencoders of both circuits, or none where they are the same", error.TrimEnd());
    }

    private static (int, int, int, int) Numbers(JsonElement survival) =>
        (survival.GetProperty("features").GetInt32(), survival.GetProperty("surviving_features").GetInt32(), survival.GetProperty("edges").GetInt32(), survival.GetProperty("surviving_edges").GetInt32());

    private static SparseAutoencoder Axes(int layer, int shift)
    {
        const int Width = 8;
        NativeBuffer<float> encoder = new(Width * Width), decoder = new(Width * Width);
        for (int feature = 0; feature < Width; feature++)
        {
            int place = (feature * Width) + ((feature + Width - shift) % Width);
            encoder.Span[place] = decoder.Span[place] = 1;
        }

        return new SparseAutoencoder(
            new SparseAutoencoderArchitecture { Kind = SparseAutoencoderKind.Standard },
            new SparseAutoencoderParameters { Encoder = encoder, Decoder = decoder, EncoderBias = new float[Width], DecoderBias = new float[Width] },
            new SparseAutoencoderProvenance { Format = "test", InputSite = new Site(SiteKind.ResidualAfter, layer), OutputSite = new Site(SiteKind.ResidualAfter, layer) });
    }

    private void Write(string file, params (string Source, string Target, double Weight)[] edges)
    {
        IEnumerable<CircuitNode> nodes = edges.SelectMany(edge => new[] { edge.Source, edge.Target }).Distinct().Select(name =>
            name == "y" ? new CircuitNode(name, CircuitNodeKind.Target, 2) : new CircuitNode(name, CircuitNodeKind.Feature, name[11] - '0'));
        CircuitFile.Write(new Circuit(nodes, edges.Select(edge => new CircuitEdge(edge.Source, edge.Target, edge.Weight))), _folder.PathOf(file));
    }
}
