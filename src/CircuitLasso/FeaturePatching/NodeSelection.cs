namespace CircuitLasso;

/// <summary>Which features and errors are kept.</summary>
internal sealed class NodeSelection
{
    private readonly AutoencoderSites _sites;
    private readonly ErrorHandling _errors;
    private readonly bool _isComplement;

    // Of each site the error and then the features; positions of their own only where a node names one.
    private readonly bool[][] _everywhere;
    private readonly Dictionary<(int Site, int Position), bool[]> _at = [];

    public NodeSelection(AutoencoderSites sites, IEnumerable<FeatureNode> kept, ErrorHandling errors, bool isComplement)
    {
        (_sites, _errors, _isComplement) = (sites, errors, isComplement);
        _everywhere = [.. sites.Select(place => new bool[place.Autoencoder.FeatureCount + 1])];
        foreach (FeatureNode node in kept)
        {
            bool[] nodes = _everywhere[node.Site];
            if (node.Position != FeatureNode.Everywhere && !_at.TryGetValue((node.Site, node.Position), out nodes!))
            {
                _at[(node.Site, node.Position)] = nodes = new bool[_everywhere[node.Site].Length];
            }

            nodes[node.Feature + 1] = true;
        }
    }

    /// <summary>Whether a feature is kept at a position.</summary>
    public bool Keeps(int site, int position, int feature) => IsNamed(site, position, feature + 1) ^ _isComplement;

    /// <summary>Whether the error is kept at a position.</summary>
    public bool KeepsError(int site, int position) => _errors switch
    {
        ErrorHandling.Kept => true,
        ErrorHandling.Removed => false,
        ErrorHandling.ResidualOnly when !_sites.IsResidual(site) => false,
        _ => IsNamed(site, position, 0) ^ _isComplement,
    };

    private bool IsNamed(int site, int position, int index) => _everywhere[site][index] || (_at.TryGetValue((site, position), out bool[]? nodes) && nodes[index]);
}
