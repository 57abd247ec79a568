using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso.Tests;

/// <summary>
/// The slow reference: the ordinary pass with hooks. Where a destination reads a patched edge, the difference between the value given and the source's own value
/// is added to what it reads, row by row, and for a head the norm and the product with its matrix are worked out in plain loops in float64.
/// </summary>
internal sealed class SlowPatching
{
    private readonly TransformerModel _model;
    private readonly PatchingGraph _graph;
    private readonly TokenBatch _batch;
    private readonly int _width;

    public SlowPatching(TransformerModel model, TokenBatch batch)
    {
        _model = model;
        _graph = new PatchingGraph(model);
        _batch = batch;
        _width = model.Description.Width;
    }

    /// <summary>What every source writes in an ordinary pass.</summary>
    public float[][] Values()
    {
        float[][] values = new float[_graph.Sources][];
        Run(Recording(values, null));
        return values;
    }

    /// <summary>The residual stream after the last block, where edges (source, destination) carry given values at given positions.</summary>
    public float[] Run(Func<int, int, float[]?> given, Func<int, bool>? positions = null)
    {
        float[][] values = new float[_graph.Sources][];
        Dictionary<int, float[]> read = [];
        return Run(Recording(values, (hooks, layer) =>
        {
            if (layer < 0)
            {
                return;
            }

            hooks.Add(new Site(SiteKind.AttentionInput, layer), (_, value) =>
            {
                read[layer] = value.ToArray();
                return null;
            });
            AddHeads(hooks, layer, SiteKind.Query, HeadInput.Query, ParameterRole.QueryWeight, ParameterRole.QueryBias, _graph.Components.Heads);
            AddHeads(hooks, layer, SiteKind.Key, HeadInput.Key, ParameterRole.KeyWeight, ParameterRole.KeyBias, _graph.KeyHeads);
            AddHeads(hooks, layer, SiteKind.Value, HeadInput.Value, ParameterRole.ValueWeight, ParameterRole.ValueBias, _graph.KeyHeads);
            hooks.Add(new Site(SiteKind.MlpInput, layer), (_, value) => Tensor.FromValues(Patched(value.ToArray(), _graph.Mlp(layer)), value.Shape));
            if (layer == _graph.Components.Layers - 1)
            {
                hooks.Add(new Site(SiteKind.ResidualAfter, layer), (_, value) => Tensor.FromValues(Patched(value.ToArray(), _graph.Destinations.Count - 1), value.Shape));
            }
        }));

        void AddHeads(ForwardHooks hooks, int layer, SiteKind kind, HeadInput input, ParameterRole weight, ParameterRole bias, int heads) =>
            hooks.Add(new Site(kind, layer), (_, value) =>
            {
                float[] projected = value.ToArray();
                int headWidth = _model.Description.Attention.HeadWidth;
                for (int head = 0; head < heads; head++)
                {
                    float[] x = Patched(read[layer], _graph.FirstHeadInput(layer, input) + head);
                    if (x.SequenceEqual(read[layer]))
                    {
                        continue;
                    }

                    for (int row = 0; row < x.Length / _width; row++)
                    {
                        double[] normalized = Normalized(x.AsSpan(row * _width, _width), layer);
                        for (int i = 0; i < headWidth; i++)
                        {
                            int output = (head * headWidth) + i;
                            double sum = _model.Parameters.Find(bias, layer)?.ToArray()[output] ?? 0;
                            float[] matrix = _model.Parameters[new(weight, layer)].ToArray();
                            for (int j = 0; j < _width; j++)
                            {
                                sum += matrix[(output * _width) + j] * normalized[j];
                            }

                            projected[(row * heads * headWidth) + output] = (float)sum;
                        }
                    }
                }

                return Tensor.FromValues(projected, value.Shape);
            });

        float[] Patched(float[] x, int destination)
        {
            float[] result = [.. x];
            for (int source = 0; source < _graph.SourceCount(destination); source++)
            {
                if (given(source, destination) is { } other)
                {
                    for (int i = 0; i < x.Length; i++)
                    {
                        result[i] += positions?.Invoke(i / _width % _batch.Positions) == false ? 0 : other[i] - values[source][i];
                    }
                }
            }

            return result;
        }
    }

    private float[] Run(ForwardHooks hooks)
    {
        using IDisposable mode = GradientMode.Disable();
        using TensorScope scope = new();
        return _model.Forward(_batch, hooks, LogitPositions.None).ToArray();
    }

    private ForwardHooks Recording(float[][] values, Action<ForwardHooks, int>? more)
    {
        ForwardHooks hooks = new();
        int heads = _graph.Components.Heads;
        hooks.Add(new Site(SiteKind.Embedding), (_, value) =>
        {
            values[0] = value.ToArray();
            return null;
        });
        for (int layer = 0; layer < _graph.Components.Layers; layer++)
        {
            int first = 1 + (layer * (heads + 1));
            hooks.Add(new Site(SiteKind.AttentionHead, layer), (_, value) =>
            {
                float[] all = value.ToArray();
                for (int head = 0; head < heads; head++)
                {
                    float[] own = values[first + head] = new float[all.Length / heads];
                    for (int row = 0; row < own.Length / _width; row++)
                    {
                        all.AsSpan(((row * heads) + head) * _width, _width).CopyTo(own.AsSpan(row * _width));
                    }
                }

                return null;
            });
            hooks.Add(new Site(SiteKind.MlpOutput, layer), (_, value) =>
            {
                values[first + heads] = value.ToArray();
                return null;
            });
            more?.Invoke(hooks, layer);
        }

        return hooks;
    }

    private double[] Normalized(ReadOnlySpan<float> x, int layer)
    {
        double[] y = [.. x.ToArray().Select(value => (double)value)];
        NormalizationDescription norm = _model.Description.Normalization;
        if (norm.Kind == NormalizationKind.None)
        {
            return y;
        }

        double mean = norm.Kind is NormalizationKind.Layer or NormalizationKind.LayerWithoutParameters ? y.Average() : 0;
        double scale = 1 / Math.Sqrt(y.Average(value => (value - mean) * (value - mean)) + norm.Epsilon);
        float[]? gain = _model.Parameters.Find(ParameterRole.AttentionNormGain, layer)?.ToArray();
        float[]? bias = _model.Parameters.Find(ParameterRole.AttentionNormBias, layer)?.ToArray();
        return [.. y.Select((value, i) => ((value - mean) * scale * (gain is null ? 1 : norm.GainOffset + gain[i])) + (bias?[i] ?? 0))];
    }
}
