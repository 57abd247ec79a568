using System.Globalization;

namespace CircuitLasso;

/// <summary>A node as Neuronpedia's graph JSON has it.</summary>
/// <param name="Node">The node of the circuit.</param>
/// <param name="Layer">The row it is drawn in: <c>E</c>, or a number.</param>
/// <param name="Index">Its number within the row: the feature, the head, -1 for an error.</param>
/// <param name="Feature">What <c>feature</c> says.</param>
/// <param name="FeatureType">What <c>feature_type</c> says.</param>
/// <param name="Position">The token it stands at.</param>
internal sealed record NeuronpediaNode(CircuitNode Node, string Layer, long Index, long Feature, string FeatureType, int Position)
{
    internal const string FeatureKind = "cross layer transcoder";
    internal const string ErrorKind = "mlp reconstruction error";
    internal const string AttentionErrorKind = "lorsa error";
    internal const string EmbeddingKind = "embedding";
    internal const string LogitKind = "logit";
    internal const string UnknownKind = "unknown";

    internal string NodeId => string.Create(CultureInfo.InvariantCulture, $"{Layer}_{Index}_{Position}");

    // As circuit-tracer writes them: tokens, errors and logits end with their position, features with a constant.
    internal string JsNodeId => FeatureType switch
    {
        LogitKind => string.Create(CultureInfo.InvariantCulture, $"L_{Index}-{Position}"),
        EmbeddingKind or ErrorKind or AttentionErrorKind => string.Create(CultureInfo.InvariantCulture, $"{Layer}_{Index}-{Position}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Layer}_{Index}-0"),
    };

    /// <summary>The text beside the node. A viewer reads a logit's probability from it, and fails where there is none.</summary>
    internal string Clerp => FeatureType == LogitKind
        ? $"Output \"{Plain(Node.Name)}\" (p=1.000)" + (Node.Label is null ? string.Empty : ": " + Plain(Node.Label))
        : Node.Label is null ? Node.Name : $"{Node.Name}: {Node.Label}";

    /// <summary>Cantor's pairing of a row and a number: one integer for both.</summary>
    internal static long Cantor(long row, long index) => ((row + index) * (row + index + 1) / 2) + index;

    // What a viewer splits the text of a logit at stands in it once.
    private static string Plain(string text) => text.Replace('"', '\'').Replace("(p=", "(p =", StringComparison.Ordinal);
}
