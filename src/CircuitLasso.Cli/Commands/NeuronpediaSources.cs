using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso.Cli;

/// <summary>Which source on Neuronpedia has the features of which site.</summary>
internal static class NeuronpediaSources
{
    /// <summary>Reads what the user and the autoencoders say; the user goes first.</summary>
    /// <param name="circuit">The circuit, whose sites are meant where the user names none.</param>
    /// <param name="given">Each <c>[SITE=]MODEL/SOURCE</c>; <c>{L}</c> stands for the site's layer.</param>
    /// <param name="autoencoders">The autoencoders by site, or null.</param>
    internal static Dictionary<string, NeuronpediaSource> Of(Circuit circuit, IEnumerable<string> given, IReadOnlyDictionary<string, SparseAutoencoder>? autoencoders)
    {
        Dictionary<string, NeuronpediaSource> sources = new(StringComparer.Ordinal);
        Dictionary<string, int?> sites = circuit.Nodes.Where(node => node.Kind == CircuitNodeKind.Feature && node.Name.Contains('/', StringComparison.Ordinal))
            .GroupBy(node => node.Name[..node.Name.LastIndexOf('/')]).ToDictionary(group => group.Key, group => group.First().Layer, StringComparer.Ordinal);
        foreach (string text in given)
        {
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            string source = text[(equals + 1)..];
            string[] named = equals > 0 ? [Site.Parse(text[..equals]).ToString()] : [.. sites.Keys];
            if (equals <= 0 && named.Length > 1 && !source.Contains("{L}", StringComparison.Ordinal))
            {
                throw new InputException(text, $"names one source for {named.Length} sites", "write {L} for the layer, or SITE=MODEL/SOURCE for each site");
            }

            foreach (string site in named)
            {
                sources[site] = NeuronpediaSource.Parse(source, sites.GetValueOrDefault(site));
            }
        }

        foreach ((string site, SparseAutoencoder autoencoder) in autoencoders ?? new Dictionary<string, SparseAutoencoder>())
        {
            // What a file says is passed over where it is no source: nobody asked for it.
            if (sites.ContainsKey(site) && !sources.ContainsKey(site) && autoencoder.Provenance.NeuronpediaId?.Split('/') is [var model, var id] && NeuronpediaSource.IsId(model) && NeuronpediaSource.IsId(id))
            {
                sources[site] = new NeuronpediaSource(model, id);
            }
        }

        return sources;
    }
}
