using System.Globalization;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>
/// The score of a circuit's fitted readout as a behaviour of the model with its autoencoders: what is explained where the model itself says nothing, as of a label. Immutable.
/// </summary>
/// <remarks>
/// <para>The readout reads features f and errors (an activation less its reconstruction) at its sites, as a store has them. Where a node is replaced, the readout reads the replaced value itself: nothing is
/// encoded again at the node's own site, and later sites are what the model makes of it.</para>
/// <para>The behaviour m of a text of class c: the log-odds that the readout gives its class, log p_c - log(1 - p_c). Of two classes this is the score, with a minus for the first class; of more it is
/// s_c - log(sum over the others of exp s_k). Of numbers: the score less the mean of the fit's rows, with a minus where the text's own number is below that mean (0 where it is neither). So m is above 0 where
/// the readout gives the class more than a half, or leans to the number's side. Where positions are not pooled, a text's score is the mean over its tokens, or, where the readout reads each position for itself, the one score of the whole text.</para>
/// </remarks>
public sealed class ReadoutBehaviour
{
    /// <summary>Binds a readout to the autoencoders whose features it reads.</summary>
    /// <param name="readout">The readout.</param>
    /// <param name="sites">The model's sites with their autoencoders, those of the readout among them.</param>
    /// <param name="subject">What a complaint names, such as the circuit's file.</param>
    /// <exception cref="InputException">A site that the readout reads has no autoencoder, or one with fewer features or another width; or the readout reads nothing.</exception>
    public ReadoutBehaviour(CircuitReadout readout, AutoencoderSites sites, string subject)
    {
        ArgumentNullException.ThrowIfNull(readout);
        ArgumentNullException.ThrowIfNull(sites);
        Readout = readout;
        if (readout.Coefficients.Count == 0)
        {
            throw new InputException(subject, "has a readout that reads nothing", "learn it from features that its target goes with");
        }

        List<int> read = [];
        foreach (IGrouping<string, ReadoutCoefficient> group in readout.Coefficients.GroupBy(part => part.Site))
        {
            int site = sites.IndexOf(group.Key);
            if (site < 0)
            {
                throw new InputException(subject, $"has a readout that reads {group.Key}, which has no autoencoder", "give the autoencoders that the circuit was learnt with (--sae)");
            }

            SparseAutoencoder autoencoder = sites[site].Autoencoder;
            if (group.FirstOrDefault(part => part.Index >= (part.IsError ? autoencoder.OutputWidth : autoencoder.FeatureCount)) is { Site: not null } outside)
            {
                throw new InputException(
                    subject,
                    string.Create(CultureInfo.InvariantCulture, $"has a readout that reads {(outside.IsError ? "coordinate" : "feature")} {outside.Index} of {group.Key}, which its autoencoder has not"),
                    "give the autoencoders that the circuit was learnt with (--sae)");
            }

            read.Add(site);
        }

        read.Sort();
        Sites = new AutoencoderSites(sites.Model, sites.Take(read[^1] + 1));
        ReadSites = read;
    }

    /// <summary>The readout.</summary>
    public CircuitReadout Readout { get; }

    /// <summary>The sites up to the last one that is read: what comes after it has no say.</summary>
    public AutoencoderSites Sites { get; }

    /// <summary>The sites that are read, as indices into <see cref="Sites"/>, rising.</summary>
    public IReadOnlyList<int> ReadSites { get; }

    /// <summary>What m is, in words.</summary>
    public string Description => Readout.Classes.Count > 0 ? "log-odds that the readout gives the text's own class" : "the readout's score, less the mean, on the side of the text's own number";

    /// <summary>The class or number of a text that a label stands for.</summary>
    /// <param name="label">The label as it is written.</param>
    /// <returns>The class's place, or the number; null where the label stands for none.</returns>
    public double? AnswerOf(string label)
    {
        ArgumentNullException.ThrowIfNull(label);
        if (Readout.Classes.Count > 0)
        {
            string writable = CircuitText.Writable(label);
            int place = Enumerable.Range(0, Readout.Classes.Count).FirstOrDefault(index => Readout.Classes[index] == writable, -1);
            return place < 0 ? null : place;
        }

        return double.TryParse(label, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) ? number : null;
    }

    /// <summary>Adds each text's behaviour.</summary>
    internal void AddScores(BehaviourBatch batch, double[] scores)
    {
        ReadoutReader reader = new(this, Sites);
        SiteState[] states = FeaturePass.Record(Sites, batch.Clean);
        double[] own = reader.ScoresOf(batch).PerText(reader.Read(states));
        for (int text = 0; text < own.Length; text++)
        {
            scores[batch.Texts[text].Pair] += own[text];
        }

        foreach (SiteState state in states)
        {
            state.Dispose();
        }
    }
}
