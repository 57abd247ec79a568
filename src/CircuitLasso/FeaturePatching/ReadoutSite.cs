using System.Numerics.Tensors;
using CircuitLasso.Models;

namespace CircuitLasso;

/// <summary>
/// What a readout reads at one site: columns, first features and then coordinates of the error, in the units of a store. What it reads of rows of activations is rows x columns.
/// </summary>
internal sealed class ReadoutSite
{
    private readonly SparseAutoencoder _autoencoder;
    private readonly int[] _features;
    private readonly int[] _coordinates;
    private readonly int[] _positions;
    private readonly double[][] _weights;

    /// <summary>Takes a site's part of a readout.</summary>
    public ReadoutSite(SparseAutoencoder autoencoder, Site site, CircuitReadout readout)
    {
        _autoencoder = autoencoder;
        ReadoutCoefficient[] own = [.. readout.Coefficients.Where(part => part.Site == site.ToString())];
        _features = [.. own.Where(part => !part.IsError).Select(part => part.Index).Distinct().Order()];
        _coordinates = [.. own.Where(part => part.IsError).Select(part => part.Index).Distinct().Order()];
        Outputs = readout.Intercepts.Count;
        _positions = [.. own.Select(part => part.Position ?? 0).Distinct().Order()];
        _weights = [.. _positions.Select(_ => new double[Columns * Outputs])];
        foreach (ReadoutCoefficient part in own)
        {
            int column = part.IsError ? _features.Length + Array.BinarySearch(_coordinates, part.Index) : Array.BinarySearch(_features, part.Index);
            _weights[Array.BinarySearch(_positions, part.Position ?? 0)][(column * Outputs) + part.Output] = part.Value;
        }
    }

    /// <summary>Number of columns.</summary>
    public int Columns => _features.Length + _coordinates.Length;

    /// <summary>Number of outputs.</summary>
    public int Outputs { get; }

    /// <summary>The positions that have coefficients of their own, rising; where positions are pooled the one 0, which stands for all.</summary>
    public ReadOnlySpan<int> Positions => _positions;

    /// <summary>The first column that is a coordinate of the error.</summary>
    public int FirstError => _features.Length;

    /// <summary>Coefficients, columns x outputs, of one of <see cref="Positions"/>.</summary>
    public ReadOnlySpan<double> Weights(int index) => _weights[index];

    /// <summary>The feature of a column before <see cref="FirstError"/>.</summary>
    public int Feature(int column) => _features[column];

    /// <summary>The column of a feature; below zero where it is not read.</summary>
    public int ColumnOf(int feature) => Array.BinarySearch(_features, feature);

    /// <summary>What is read of activations: f, and what the reconstruction leaves.</summary>
    public float[] Read(SiteState state)
    {
        int rows = state.Features.RowCount;
        int columns = Columns;
        float[] readings = new float[rows * columns];
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<int> indices = state.Features.Indices(row);
            for (int column = 0; column < _features.Length; column++)
            {
                int at = indices.BinarySearch(_features[column]);
                readings[(row * columns) + column] = at < 0 ? 0 : state.Features.Values(row)[at];
            }
        }

        if (_coordinates.Length > 0)
        {
            int width = _autoencoder.OutputWidth;
            float[] left = state.Left();
            for (int row = 0; row < rows; row++)
            {
                for (int i = 0; i < _coordinates.Length; i++)
                {
                    readings[(row * columns) + _features.Length + i] = left[(row * width) + _coordinates[i]];
                }
            }
        }

        return readings;
    }

    /// <summary>The gradient of a function of what is read of activations: by what is encoded, and by the activations themselves, of which an error is a part.</summary>
    /// <param name="state">The activations.</param>
    /// <param name="slopes">The function's gradient by what is read, rows x columns.</param>
    /// <returns>rows x input width, and rows x output width or null where no error is read. One array, the sum of both, unless it is a transcoder.</returns>
    public (float[] ByEncoded, float[]? ByValue) Slope(SiteState state, float[] slopes)
    {
        int width = _autoencoder.OutputWidth, read = _autoencoder.InputWidth;
        float[] byEncoded = new float[state.Inputs.Length];
        float[]? byValue = ReferenceEquals(state.Inputs, state.Values) ? byEncoded : _coordinates.Length > 0 ? new float[state.Values.Length] : null;
        Numerics.DeterministicParallel.For(byEncoded.Length / read, row =>
        {
            ReadOnlySpan<float> own = slopes.AsSpan(row * Columns, Columns);
            if (!own.ContainsAnyExcept(0f))
            {
                return;
            }

            Span<float> into = byEncoded.AsSpan(row * read, read);
            ReadOnlySpan<int> indices = state.Features.Indices(row);
            for (int i = 0; i < indices.Length; i++)
            {
                if (ColumnOf(indices[i]) is >= 0 and int column)
                {
                    AddFeatureSlope(state, row, i, own[column], into);
                }
            }

            if (_coordinates.Length > 0)
            {
                AddErrorSlope(state, row, own, into, byValue.AsSpan(row * width, width));
            }
        });
        return (byEncoded, byValue);
    }

    /// <summary>Adds the gradient of one active feature times a factor.</summary>
    /// <param name="state">The activations.</param>
    /// <param name="row">The row.</param>
    /// <param name="at">The feature's place among the active ones.</param>
    /// <param name="factor">The factor.</param>
    /// <param name="into">What it is added to, by what is encoded.</param>
    public void AddFeatureSlope(SiteState state, int row, int at, float factor, Span<float> into)
    {
        float scale = state.Scale(row);
        if (factor == 0 || scale == 0)
        {
            return;
        }

        // f = (s f) / s, so that df = (d(s f) - f ds) / s.
        ReadOnlySpan<float> value = state.Inputs.AsSpan(row * into.Length, into.Length);
        float feature = state.Features.Values(row)[at];
        float[] derivative = new float[into.Length];
        _autoencoder.FeatureGradient(state.Features.Indices(row)[at], feature, value, derivative);
        TensorPrimitives.MultiplyAdd(derivative, factor / scale, into, into);
        _autoencoder.OutputScaleGradient(value, derivative);
        TensorPrimitives.MultiplyAdd(derivative, -(factor * feature / scale), into, into);
    }

    /// <summary>Adds the gradient of the read coordinates of the error, each times its factor.</summary>
    /// <param name="state">The activations.</param>
    /// <param name="row">The row.</param>
    /// <param name="slopes">A factor for each column.</param>
    /// <param name="byEncoded">What the gradient by what is encoded is added to.</param>
    /// <param name="byValue">What the gradient by the activations is added to; the same numbers unless it is a transcoder.</param>
    public void AddErrorSlope(SiteState state, int row, ReadOnlySpan<float> slopes, Span<float> byEncoded, Span<float> byValue)
    {
        if (_coordinates.Length == 0)
        {
            return;
        }

        float[] direction = new float[byValue.Length];
        for (int i = 0; i < _coordinates.Length; i++)
        {
            direction[_coordinates[i]] = slopes[_features.Length + i];
        }

        // The error is x - (s (b + sum of f_a d_a) + shift + a transcoder's skip term).
        TensorPrimitives.Add(byValue, direction, byValue);
        int read = byEncoded.Length;
        for (int i = 0; _autoencoder.HasSkip && i < _coordinates.Length; i++)
        {
            TensorPrimitives.MultiplyAdd(_autoencoder.Skip.Slice(_coordinates[i] * read, read), -slopes[_features.Length + i], byEncoded, byEncoded);
        }

        ReadOnlySpan<float> value = state.Inputs.AsSpan(row * read, read);
        ReadOnlySpan<int> indices = state.Features.Indices(row);
        float[] derivative = new float[read];
        for (int i = 0; i < indices.Length; i++)
        {
            if (TensorPrimitives.Dot(_autoencoder.DecoderDirection(indices[i]), direction) is var along && along != 0)
            {
                _autoencoder.FeatureGradient(indices[i], state.Features.Values(row)[i], value, derivative);
                TensorPrimitives.MultiplyAdd(derivative, -along, byEncoded, byEncoded);
            }
        }

        _autoencoder.OutputScaleGradient(value, derivative);
        TensorPrimitives.MultiplyAdd(derivative, -TensorPrimitives.Dot(_autoencoder.DecoderBias, direction), byEncoded, byEncoded);
        if (_autoencoder.ShiftsOutput)
        {
            TensorPrimitives.Subtract(byEncoded, TensorPrimitives.Sum(direction) / read, byEncoded);
        }
    }
}
