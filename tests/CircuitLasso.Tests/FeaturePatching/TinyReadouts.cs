using CircuitLasso.Models;

namespace CircuitLasso.Tests;

/// <summary>Random readouts of <see cref="TinyAutoencoders"/>, and texts with answers.</summary>
internal static class TinyReadouts
{
    /// <summary>A readout of six features and three coordinates of the error at each of some sites; of numbers where there are no classes.</summary>
    public static CircuitReadout Create(Pooling pooling, int classes, AutoencoderSites sites, params string[] names) => Create(pooling, [null], classes, sites, names);

    /// <summary>The same at each of some positions.</summary>
    public static CircuitReadout AtPositions(int[] positions, int classes, AutoencoderSites sites, params string[] names) => Create(Pooling.None, [.. positions.Select(position => (int?)position)], classes, sites, names);

    private static CircuitReadout Create(Pooling pooling, int?[] positions, int classes, AutoencoderSites sites, string[] names)
    {
        Random random = new(17);
        int outputs = Math.Max(1, classes > 2 ? classes : 1);
        List<ReadoutCoefficient> coefficients = [];
        foreach (string name in names)
        {
            SparseAutoencoder autoencoder = sites[sites.IndexOf(name)].Autoencoder;
            foreach ((int? position, (bool isError, int count, int of)) in positions.SelectMany(position => new[] { (position, (false, 6, autoencoder.FeatureCount)), (position, (true, 3, autoencoder.OutputWidth)) }))
            {
                foreach (int index in Enumerable.Range(0, of).OrderBy(_ => random.Next()).Take(count))
                {
                    coefficients.AddRange(Enumerable.Range(0, outputs).Select(output => new ReadoutCoefficient(name, isError, index, output, (2 * random.NextDouble()) - 1, position)));
                }
            }
        }

        return new CircuitReadout(
            pooling, [.. Enumerable.Range(0, outputs).Select(_ => random.NextDouble())], coefficients, [.. Enumerable.Range(0, classes).Select(c => $"class {c}")], classes == 0 ? 0.3 : 0);
    }

    /// <summary>The texts of pairs as texts with answers.</summary>
    /// <param name="pairs">The pairs.</param>
    /// <param name="readout">The readout.</param>
    /// <param name="hasPairs">Whether texts keep their corrupt ones.</param>
    public static BehaviourTask Task(BehaviourTask pairs, ReadoutBehaviour readout, bool hasPairs = false)
    {
        int classes = readout.Readout.Classes.Count;
        return new BehaviourTask(
            "labels",
            pairs.Texts.Select((text, i) => new BehaviourText(i, text.Clean, hasPairs ? text.Corrupt : text.Clean, []) { Answer = classes == 0 ? (i % 3) - 0.5 : i % classes }),
            readout);
    }
}
