using CircuitLasso.Numerics;

namespace CircuitLasso.Models;

/// <summary>Where an autoencoder belongs, put together from what its files say and what the caller says.</summary>
internal static class PublishedSite
{
    // TransformerLens takes this one before the norm's weights, unless they are folded into the MLP's; the site mlp_normalized lies behind them.
    private const string BeforeNormWeights = "ln2.hook_normalized";

    /// <summary>The site of a hook's name, or null where it is not one that is known here with the same values.</summary>
    public static Site? Parse(string? hook)
    {
        if (hook is null || hook.EndsWith(BeforeNormWeights, StringComparison.Ordinal))
        {
            return null;
        }

        try
        {
            return Site.Parse(hook);
        }
        catch (InputException)
        {
            return null;
        }
    }

    /// <summary>The provenance with the caller's sites in place of those of the files.</summary>
    public static SparseAutoencoderProvenance With(this SparseAutoencoderProvenance provenance, SparseAutoencoderLoadOptions options)
    {
        Site? input = options.InputSite ?? provenance.InputSite;
        Site? written = provenance.OutputSite == provenance.InputSite ? input : provenance.OutputSite;
        return provenance with { InputSite = input, OutputSite = options.OutputSite ?? written };
    }

    /// <summary>Whether the sites make it a transcoder.</summary>
    public static bool IsTranscoder(this SparseAutoencoderProvenance provenance) =>
        provenance.InputSite is { } input && provenance.OutputSite is { } output && input != output;
}
