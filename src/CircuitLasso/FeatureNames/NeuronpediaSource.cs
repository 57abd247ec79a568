using System.Globalization;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// What Neuronpedia calls a source: one sparse autoencoder of one model, such as <c>5-res_post_32k-oai</c> of <c>gpt2-small</c>. Immutable.
/// </summary>
/// <param name="Model">Neuronpedia's id of the model.</param>
/// <param name="Source">Neuronpedia's id of the autoencoder: its layer (or <c>e</c> for the embedding), a dash, and the set it belongs to.</param>
public sealed record NeuronpediaSource(string Model, string Source)
{
    private const int LongestId = 200;
    private const string ProvenancePrefix = "neuronpedia.";
    private const string LayerPlaceholder = "{L}";
    private const string Remedy = "write MODEL/SOURCE, such as gpt2-small/5-res_post_32k-oai; {L} stands for a site's layer";

    /// <summary>The set of the source: what follows its first dash; empty where there is none.</summary>
    public string Set => Source.IndexOf('-', StringComparison.Ordinal) is >= 0 and int dash ? Source[(dash + 1)..] : string.Empty;

    /// <summary>The layer that the source's id begins with; null where it begins with something else.</summary>
    public int? Layer =>
        int.TryParse(Source.AsSpan(0, Math.Max(0, Source.IndexOf('-', StringComparison.Ordinal))), NumberStyles.None, CultureInfo.InvariantCulture, out int layer)
            ? layer
            : null;

    /// <summary>Whether a text may be an id on Neuronpedia: letters, digits, <c>_</c>, <c>.</c> and <c>-</c>, 1 to 200 of them.</summary>
    /// <param name="text">The text.</param>
    public static bool IsId(string? text) => text is { Length: > 0 and <= LongestId } && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-');

    /// <summary>Reads <c>MODEL/SOURCE</c>, as SAELens's <c>neuronpedia_id</c> has it.</summary>
    /// <param name="text">The id.</param>
    /// <param name="layer">What <c>{L}</c> stands for; null where it stands for nothing.</param>
    /// <exception cref="InputException">It is no such id.</exception>
    public static NeuronpediaSource Parse(string text, int? layer = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        string id = layer is { } number ? text.Replace(LayerPlaceholder, number.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal) : text;
        return id.Split('/') is [var model, var source] && IsId(model) && IsId(source)
            ? new NeuronpediaSource(model, source)
            : throw new InputException(text, "is no source of Neuronpedia", Remedy);
    }

    /// <summary>The address of a feature's page.</summary>
    /// <param name="feature">The feature, from 0.</param>
    public string Page(int feature) => string.Create(CultureInfo.InvariantCulture, $"https://www.neuronpedia.org/{Model}/{Source}/{feature}");

    /// <inheritdoc/>
    public override string ToString() => $"{Model}/{Source}";

    /// <summary>The key under which a circuit's provenance holds the source of a site.</summary>
    internal static string ProvenanceKey(string site) => ProvenancePrefix + site;

    /// <summary>The source of a feature's site, as the circuit's provenance has it; null where it has none, or something that is no source.</summary>
    internal static NeuronpediaSource? Of(Circuit circuit, FeatureName feature) =>
        circuit.Provenance.GetValueOrDefault(ProvenanceKey(feature.Site)) is { } text && text.Split('/') is [var model, var source] && IsId(model) && IsId(source)
            ? new NeuronpediaSource(model, source)
            : null;
}
