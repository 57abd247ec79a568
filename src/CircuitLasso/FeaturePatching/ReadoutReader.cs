using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>What a readout reads at some sites. Immutable.</summary>
internal sealed class ReadoutReader
{
    private readonly CircuitReadout _readout;
    private readonly ReadoutSite?[] _at;

    /// <summary>Finds the readout's sites among others.</summary>
    /// <exception cref="InputException">One of them is not there.</exception>
    public ReadoutReader(ReadoutBehaviour behaviour, AutoencoderSites sites)
    {
        _readout = behaviour.Readout;
        _at = new ReadoutSite?[sites.Count];
        foreach (int index in behaviour.ReadSites)
        {
            string name = behaviour.Sites[index].Site.ToString();
            int site = sites.IndexOf(name);
            if (site < 0)
            {
                throw new InputException(name, "is read by the readout and not among the sites", "name all sites of the readout");
            }

            _at[site] = new ReadoutSite(sites[site].Autoencoder, sites[site].Site, _readout);
        }

        LastSite = Array.FindLastIndex(_at, site => site is not null);
    }

    /// <summary>The last site that is read.</summary>
    public int LastSite { get; }

    /// <summary>Number of sites.</summary>
    public int Count => _at.Length;

    /// <summary>What is read at a site; null where nothing is.</summary>
    public ReadoutSite? this[int site] => _at[site];

    /// <summary>What is read of activations, by site rows x columns; null where nothing is.</summary>
    public float[]?[] Read(SiteState[] states) => [.. _at.Select((site, index) => site?.Read(states[index]))];

    /// <summary>The behaviour of a batch by what is read.</summary>
    public ReadoutScores ScoresOf(BehaviourBatch batch) => new(_readout, _at, [.. batch.Texts], batch.Clean.Positions);
}
