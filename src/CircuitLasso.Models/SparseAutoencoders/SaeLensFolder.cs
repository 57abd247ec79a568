using System.Text.Json;
using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>Writes autoencoders as SAELens does since version 6: a folder with <c>cfg.json</c> and <c>sae_weights.safetensors</c>.</summary>
public static class SaeLensFolder
{
    // The version whose layout of cfg.json this is; readers tell older ones apart by it.
    private const string LayoutVersion = "6.0.0";
    private const int TransposeRows = 256;

    private static readonly JsonSerializerOptions _jsonOptions = new() { WriteIndented = true, NewLine = "\n" };

    /// <summary>Writes an autoencoder. The same autoencoder gives the same bytes. The folder is made if need be.</summary>
    /// <param name="autoencoder">A standard, gated, jumprelu or topk autoencoder, or a transcoder of a kind that SAELens has.</param>
    /// <param name="folder">The folder.</param>
    /// <exception cref="ArgumentException">SAELens has no architecture that computes the same.</exception>
    /// <exception cref="InputException">The folder cannot be written.</exception>
    public static void Save(SparseAutoencoder autoencoder, string folder)
    {
        ArgumentNullException.ThrowIfNull(autoencoder);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        string configuration = JsonSerializer.Serialize(Configuration(autoencoder), _jsonOptions) + "\n";
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InputException(folder, "cannot be made: " + exception.Message, "choose another folder", exception);
        }

        WriteWeights(autoencoder, Path.Combine(folder, "sae_weights.safetensors"));
        AtomicFile.WriteAllText(Path.Combine(folder, "cfg.json"), configuration);
    }

    private static SortedDictionary<string, object?> Configuration(SparseAutoencoder autoencoder)
    {
        SparseAutoencoderArchitecture architecture = autoencoder.Architecture;
        SparseAutoencoderProvenance provenance = autoencoder.Provenance;
        string? name = (architecture.Kind, architecture.IsTranscoder, autoencoder.HasSkip, architecture.KeepsNegative) switch
        {
            (SparseAutoencoderKind.Standard, false, false, false) => "standard",
            (SparseAutoencoderKind.Gated, false, false, false) => "gated",
            (SparseAutoencoderKind.JumpRelu, false, false, false) => "jumprelu",
            (SparseAutoencoderKind.TopK, false, false, false) => "topk",
            (SparseAutoencoderKind.Standard, true, false, false) => "transcoder",
            (SparseAutoencoderKind.Standard, true, true, false) => "skip_transcoder",
            (SparseAutoencoderKind.JumpRelu, true, false, false) => "jumprelu_transcoder",
            _ => null,
        };
        if (name is null || (architecture.IsTranscoder && architecture.SubtractsDecoderBias))
        {
            throw new ArgumentException($"SAELens has no architecture for this {architecture.Kind} {(architecture.IsTranscoder ? "transcoder" : "autoencoder")}.", nameof(autoencoder));
        }

        SortedDictionary<string, object?> configuration = new(StringComparer.Ordinal)
        {
            ["apply_b_dec_to_input"] = architecture.SubtractsDecoderBias,
            ["architecture"] = name,
            ["d_in"] = autoencoder.InputWidth,
            ["d_sae"] = autoencoder.FeatureCount,
            ["device"] = "cpu",
            ["dtype"] = "float32",
            ["metadata"] = Metadata(provenance, architecture),
            ["normalize_activations"] = architecture.Normalization switch
            {
                InputNormalization.LayerNorm => "layer_norm",
                InputNormalization.ConstantNorm => "constant_norm_rescale",
                _ => "none",
            },
            ["reshape_activations"] = provenance.InputSite is { Kind: SiteKind.AttentionMix } ? "hook_z" : "none",
        };
        if (architecture.IsTranscoder)
        {
            configuration["d_out"] = autoencoder.OutputWidth;
        }

        if (architecture.Kind == SparseAutoencoderKind.TopK)
        {
            configuration["k"] = architecture.K;
            configuration["rescale_acts_by_decoder_norm"] = false;
        }

        return configuration;
    }

    private static SortedDictionary<string, object?> Metadata(SparseAutoencoderProvenance provenance, SparseAutoencoderArchitecture architecture)
    {
        SortedDictionary<string, object?> metadata = new(StringComparer.Ordinal)
        {
            ["context_size"] = provenance.ContextSize,
            ["hook_head_index"] = null,
            ["hook_name"] = provenance.InputSite?.TransformerLensName ?? provenance.HookName,
            ["model_name"] = provenance.ModelName,
            ["neuronpedia_id"] = provenance.NeuronpediaId,
            ["prepend_bos"] = provenance.PrependsBeginning,
            ["sae_lens_version"] = LayoutVersion,
        };
        if (architecture.Normalization == InputNormalization.Centered)
        {
            metadata["model_from_pretrained_kwargs"] = new Dictionary<string, bool> { ["center_writing_weights"] = true };
        }

        if (architecture.IsTranscoder)
        {
            metadata["hook_name_out"] = provenance.OutputSite?.TransformerLensName;
        }

        return metadata;
    }

    private static void WriteWeights(SparseAutoencoder autoencoder, string path)
    {
        long features = autoencoder.FeatureCount;
        List<(string Name, long[] Shape, Action<SafeTensorsWriter> Write)> tensors =
        [
            ("W_dec", [features, autoencoder.OutputWidth], writer => writer.Write("W_dec", autoencoder.Decoder)),
            ("W_enc", [autoencoder.InputWidth, features], writer => WriteTransposed(writer, autoencoder)),
            ("b_dec", [autoencoder.OutputWidth], writer => writer.Write("b_dec", autoencoder.DecoderBias)),
        ];
        if (autoencoder.HasSkip)
        {
            tensors.Add(("W_skip", [autoencoder.OutputWidth, autoencoder.InputWidth], writer => writer.Write("W_skip", autoencoder.Skip)));
        }

        void AddVector(string name, float[] values) => tensors.Add((name, [features], writer => writer.Write(name, values)));
        if (autoencoder.Kind == SparseAutoencoderKind.Gated)
        {
            AddVector("b_gate", autoencoder.GateBias.ToArray());
            AddVector("b_mag", autoencoder.MagnitudeBias.ToArray());
            AddVector("r_mag", Array.ConvertAll(autoencoder.MagnitudeScale.ToArray(), MathF.Log));
        }
        else
        {
            AddVector("b_enc", autoencoder.EncoderBias.ToArray());
        }

        if (autoencoder.Kind == SparseAutoencoderKind.JumpRelu)
        {
            AddVector("threshold", autoencoder.Thresholds.ToArray());
        }

        tensors.Sort(static (left, right) => string.CompareOrdinal(left.Name, right.Name));
        using SafeTensorsWriter writer = new(path, tensors.Select(tensor => new SafeTensorsDeclaration(tensor.Name, SafeTensorsDataType.Float32, tensor.Shape)), new Dictionary<string, string> { ["format"] = "pt" });
        foreach ((_, _, Action<SafeTensorsWriter> write) in tensors)
        {
            write(writer);
        }

        writer.Complete();
    }

    private static void WriteTransposed(SafeTensorsWriter writer, SparseAutoencoder autoencoder)
    {
        int features = autoencoder.FeatureCount;
        int width = autoencoder.InputWidth;
        ReadOnlySpan<float> encoder = autoencoder.Encoder;
        int rows = Math.Clamp((1 << 24) / features, 1, TransposeRows);
        float[] block = new float[rows * features];
        for (int start = 0; start < width; start += rows)
        {
            int count = Math.Min(rows, width - start);
            for (int feature = 0; feature < features; feature++)
            {
                for (int i = 0; i < count; i++)
                {
                    block[(i * features) + feature] = encoder[(feature * width) + start + i];
                }
            }

            writer.Write("W_enc", block.AsSpan(0, count * features));
        }
    }
}
