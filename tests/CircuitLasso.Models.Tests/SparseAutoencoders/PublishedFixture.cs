using CircuitLasso.Numerics;
using CircuitLasso.Testing;

namespace CircuitLasso.Models.Tests;

/// <summary>The small files of <c>fixtures/make_fixtures.py</c>, which an independent program wrote together with what they mean.</summary>
internal static class PublishedFixture
{
    /// <summary>Every case, with the path to load below its folder.</summary>
    public static IReadOnlyDictionary<string, string> Cases { get; } = new Dictionary<string, string>
    {
        ["openai-topk"] = "gpt2-small/resid_post_mlp_v5_32k/autoencoders/5.pt",
        ["openai-relu"] = "gpt2-small/mlp_post_act/autoencoders/2.pt",
        ["dictionary-learning-standard"] = "pythia-70m-deduped/resid_out_layer3/10_32768/ae.pt",
        ["dictionary-learning-new"] = "",
        ["dictionary-learning-gated"] = "sweep/resid_post_layer_4/trainer_0",
        ["dictionary-learning-jumprelu"] = "ae.pt",
        ["dictionary-learning-topk"] = "",
        ["dictionary-learning-batchtopk"] = "",
        ["dictionary-learning-matryoshka"] = "ae.pt",
        ["tinystories"] = "saved.pt",
        ["saelens-standard"] = "",
        ["saelens-gated"] = "",
        ["saelens-jumprelu"] = "",
        ["saelens-topk"] = "sae_weights.safetensors",
        ["saelens-first"] = "",
        ["saelens-topk-before-6"] = "",
        ["saelens-finetuned"] = "",
        ["saelens-scaled"] = "",
        ["saelens-centered"] = "",
        ["saelens-transcoder"] = "",
        ["saelens-skip-transcoder"] = "",
        ["saelens-jumprelu-transcoder"] = "",
        ["gemma-scope-residual"] = "gemma-scope-2b-pt-res/layer_5/width_16k/average_l0_68/params.npz",
        ["gemma-scope-attention"] = "gemma-scope-9b-it-att/layer_20/width_131k/average_l0_7",
        ["gemma-scope-transcoder"] = "gemma-scope-2b-pt-transcoders/layer_0/width_16k/average_l0_76",
        ["gemma-scope-embedding"] = "gemma-scope-2b-pt-res/embedding/width_4k/average_l0_6",
        ["sparsify-residual"] = "layers.10",
        ["sparsify-transcoder"] = "layers.3.mlp",
        ["circuit-tracer-jumprelu"] = "layer_7.safetensors",
        ["circuit-tracer-relu"] = "layer_0.safetensors",
        ["circuit-tracer-topk"] = "layer_1.safetensors",
        ["circuit-tracer-topk-tensor"] = "layer_2.safetensors",
    };

    public static string Folder(string name) =>
        Path.Combine(SharedData.RepositoryRoot, "tests", "CircuitLasso.Models.Tests", "SparseAutoencoders", "fixtures", name);

    public static SparseAutoencoder Load(string name) => SparseAutoencoderFile.Load(Path.Combine(Folder(name), Cases[name]), Options(name));

    public static SparseAutoencoderLoadOptions? Options(string name) => name == "saelens-scaled" ? new() { ActivationScale = .5f } : null;

    /// <summary>Inputs, dense features and reconstruction as the format's own definition has them.</summary>
    public static (float[] Inputs, double[] Features, double[] Outputs) Expected(string name)
    {
        using NpzFile file = new(Path.Combine(Folder(name), "expected.npz"));
        using NumPyArray inputs = file.Read("x");
        using NumPyArray features = file.Read("f");
        using NumPyArray outputs = file.Read("y");
        return (inputs.AsSingles(), features.AsDoubles(), outputs.AsDoubles());
    }
}
