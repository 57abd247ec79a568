namespace CircuitLasso;

/// <summary>How much a behaviour falls where features and errors are replaced, one at a time (Marks et al. 2024, "Sparse Feature Circuits"). Immutable.</summary>
public sealed class FeatureEffects
{
    internal FeatureEffects(AutoencoderSites sites, FeatureReplacement replacement, IReadOnlyDictionary<FeatureNode, double> values, double cleanScore, double replacedScore, IReadOnlyList<SiteNodes[]>? gradients)
    {
        (Sites, Replacement, Values, CleanScore, ReplacedScore, Gradients) = (sites, replacement, values, cleanScore, replacedScore, gradients);
    }

    /// <summary>The sites.</summary>
    public AutoencoderSites Sites { get; }

    /// <summary>What stands in the place of a node.</summary>
    public FeatureReplacement Replacement { get; }

    /// <summary>
    /// The indirect effect of every node that is active on either side: m before minus m after, summed over positions (unless positions are kept) and averaged over pairs.
    /// Positive where the node works for the right answer. In the order of sites, features and positions, the error first.
    /// </summary>
    public IReadOnlyDictionary<FeatureNode, double> Values { get; }

    /// <summary>m on the clean texts.</summary>
    public double CleanScore { get; }

    /// <summary>m with the whole last site replaced.</summary>
    public double ReplacedScore { get; }

    /// <summary>By batch and site the gradients that were averaged; null where they were not kept.</summary>
    internal IReadOnlyList<SiteNodes[]>? Gradients { get; }
}
