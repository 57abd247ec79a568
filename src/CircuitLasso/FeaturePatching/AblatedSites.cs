using System.Numerics.Tensors;
using CircuitLasso.Models;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>Activations of a batch in which the nodes that are not kept are replaced; those that are kept have the values of the pass itself.</summary>
/// <param name="sites">The sites.</param>
/// <param name="batch">The batch.</param>
/// <param name="selection">What is kept.</param>
/// <param name="sameInAllTexts">Whether a replacement is the same in all texts at a position, so that it is put together once.</param>
internal sealed class AblatedSites(AutoencoderSites sites, FeatureBatch batch, NodeSelection selection, bool sameInAllTexts)
{
    /// <summary>What stands in the place of a site's nodes; padding stays.</summary>
    /// <param name="site">The site.</param>
    /// <param name="values">Its activations in this pass.</param>
    /// <param name="inputs">What its autoencoder encodes in this pass.</param>
    public SiteNodes Replace(int site, float[] values, float[] inputs)
    {
        SparseAutoencoder autoencoder = sites[site].Autoencoder;
        int width = autoencoder.OutputWidth;
        int positions = batch.Texts.Positions;
        using SiteState state = SiteState.Of(autoencoder, values, inputs);
        float[] replaced = [.. values];
        float[]? bases = sameInAllTexts ? new float[positions * width] : null;
        if (bases is not null)
        {
            int[] longest = [.. Enumerable.Range(0, positions).Select(position => Enumerable.Range(0, batch.Texts.Count).First(text => batch.Texts.Lengths[text] > position))];
            DeterministicParallel.For(positions, position => Base(site, (longest[position] * positions) + position, bases.AsSpan(position * width, width)));
        }

        DeterministicParallel.For(batch.Rows, row =>
        {
            if (!batch.IsReal(row, out int position))
            {
                return;
            }

            Span<float> value = replaced.AsSpan(row * width, width);
            if (bases is null)
            {
                Base(site, row, value);
            }
            else
            {
                bases.AsSpan(position * width, width).CopyTo(value);
            }

            FeatureRow own = state.Row(row);
            for (int i = 0; i < own.Indices.Length; i++)
            {
                if (selection.Keeps(site, position, own.Indices[i]))
                {
                    TensorPrimitives.MultiplyAdd(autoencoder.DecoderDirection(own.Indices[i]), own.Values[i], value, value);
                }
            }

            if (selection.KeepsError(site, position))
            {
                TensorPrimitives.Add(value, own.Error, value);
            }

            // A skip term is neither a feature nor an error: it is what the pass makes it.
            if (autoencoder.HasSkip)
            {
                TensorPrimitives.Add(value, state.SkipTerm(row), value);
            }
        });
        return new SiteNodes(replaced, ReplaceReadings(site, state));
    }

    private float[]? ReplaceReadings(int site, SiteState state)
    {
        if (batch.Read(site) is not { } read)
        {
            return null;
        }

        float[] readings = read.Read(state);
        float[] replaced = batch.ReplacedReadings[site]!;
        for (int row = 0; row < batch.Rows; row++)
        {
            if (!batch.IsReal(row, out int position))
            {
                continue;
            }

            for (int column = 0; column < read.Columns; column++)
            {
                if (!(column < read.FirstError ? selection.Keeps(site, position, read.Feature(column)) : selection.KeepsError(site, position)))
                {
                    readings[(row * read.Columns) + column] = replaced[(row * read.Columns) + column];
                }
            }
        }

        return readings;
    }

    // The decoder's bias and what replaces the nodes that are not kept.
    private void Base(int site, int row, Span<float> value)
    {
        SparseAutoencoder autoencoder = sites[site].Autoencoder;
        int position = row % batch.Texts.Positions;
        FeatureRow other = batch.Replacement(site, row);
        autoencoder.DecoderBias.CopyTo(value);
        for (int i = 0; i < other.Indices.Length; i++)
        {
            if (!selection.Keeps(site, position, other.Indices[i]))
            {
                TensorPrimitives.MultiplyAdd(autoencoder.DecoderDirection(other.Indices[i]), other.Values[i], value, value);
            }
        }

        if (!selection.KeepsError(site, position))
        {
            TensorPrimitives.Add(value, other.Error, value);
        }
    }
}
