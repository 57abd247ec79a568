using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso.Models.Tests;

public sealed class ForwardTests
{
    private static readonly int[] _short = [1, 2, 3];
    private static readonly int[] _long = [4, 5, 6, 7, 8, 9, 10];

    public static TheoryData<string> Architectures => new(TinyTransformers.All);

    [Theory]
    [MemberData(nameof(Architectures))]
    public void Padding_never_leaks_into_a_result(string architecture)
    {
        using TransformerModel model = TinyTransformers.Create(architecture);
        using IDisposable mode = GradientMode.Disable();
        using TensorScope scope = new();
        float[] alone = model.Forward(new TokenBatch([_short])).ToArray();
        foreach (int padding in (int[])[0, 11])
        {
            float[] padded = model.Forward(new TokenBatch([_long, _short], padding)).ToArray();
            int outputs = model.Description.OutputSize;
            for (int i = 0; i < alone.Length; i++)
            {
                Assert.Equal(alone[i], padded[(_long.Length * outputs) + i], 1e-5f);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void A_pass_cut_after_any_block_and_taken_up_again_is_the_whole_pass(string architecture)
    {
        using TransformerModel model = TinyTransformers.Create(architecture);
        TokenBatch batch = new([_long, _short]);
        using IDisposable mode = GradientMode.Disable();
        using TensorScope scope = new();
        float[] whole = model.Forward(batch, null, LogitPositions.None).ToArray();
        Tensor embedded = model.Embed(batch);
        for (int cut = 0; cut <= model.Description.Layers; cut++)
        {
            Tensor half = model.ForwardBlocks(batch, embedded, 0, cut);
            Assert.Equal(whole, model.ForwardBlocks(batch, half, cut, model.Description.Layers).ToArray());
        }

        Assert.Throws<ArgumentException>(() => model.ForwardBlocks(batch, embedded, 1, 0));
        Assert.Throws<ArgumentException>(() => model.ForwardBlocks(new TokenBatch([_short]), embedded, 0, 1));
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void Every_site_is_reached_once_and_reading_changes_nothing(string architecture)
    {
        using TransformerModel model = TinyTransformers.Create(architecture);
        using IDisposable mode = GradientMode.Disable();
        using TensorScope scope = new();
        float[] plain = model.Forward(new TokenBatch([_long])).ToArray();
        List<Site> reached = [];
        ForwardHooks hooks = new();
        foreach (Site site in model.Sites)
        {
            hooks.Add(site, (at, _) =>
            {
                reached.Add(at);
                return null;
            });
        }

        float[] hooked = model.Forward(new TokenBatch([_long]), hooks).ToArray();
        Assert.Equal(model.Sites.Order(Comparer<Site>.Create((a, b) => string.CompareOrdinal(a.ToString(), b.ToString()))).ToArray(), reached.OrderBy(s => s.ToString(), StringComparer.Ordinal).ToArray());
        for (int i = 0; i < plain.Length; i++)
        {
            Assert.Equal(plain[i], hooked[i], 1e-5f);
        }
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void Every_site_can_be_replaced_and_the_replacement_reaches_the_logits(string architecture)
    {
        using TransformerModel model = TinyTransformers.Create(architecture);
        using IDisposable mode = GradientMode.Disable();
        using TensorScope scope = new();
        float[] plain = model.Forward(new TokenBatch([_long])).ToArray();
        foreach (Site site in model.Sites)
        {
            ForwardHooks hooks = new();
            hooks.Add(site, (_, value) => value.Scale(0.25f));
            float[] changed = model.Forward(new TokenBatch([_long]), hooks).ToArray();
            float difference = plain.Zip(changed, (a, b) => Math.Abs(a - b)).Max();
            Assert.True(difference > 1e-7f, $"{site}: scaling it changed nothing");
        }
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void The_hidden_layer_is_the_nonlinearity_of_what_stands_before_it_and_shut_by_zeros_where_it_is_gated(string architecture)
    {
        using TransformerModel model = TinyTransformers.Create(architecture);
        using IDisposable mode = GradientMode.Disable();
        using TensorScope scope = new();
        bool gated = model.Description.Mlp.Gated;
        float[] expected = [];
        float[] hidden = [];
        ForwardHooks hooks = new();
        hooks.Add(new Site(SiteKind.MlpPreActivation, 0), (_, value) =>
        {
            Tensor given = gated ? value.Scale(0) : value;
            expected = (model.Description.Mlp.Activation switch
            {
                Activation.Gelu => given.Gelu(),
                Activation.GeluTanh => given.GeluTanh(),
                Activation.Silu => given.Silu(),
                _ => given.Relu(),
            }).ToArray();
            return given;
        });
        hooks.Add(new Site(SiteKind.MlpHidden, 0), (_, value) =>
        {
            hidden = value.ToArray();
            return null;
        });
        _ = model.Forward(new TokenBatch([_long]), hooks);
        Assert.Equal(_long.Length * model.Description.Mlp.HiddenWidth, hidden.Length);
        Assert.Equal(expected, hidden);
        Assert.Equal(gated, hidden.All(value => value == 0));
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void A_replacement_kept_by_the_caller_survives_the_pass(string architecture)
    {
        using TransformerModel model = TinyTransformers.Create(architecture);
        using IDisposable mode = GradientMode.Disable();
        foreach (Site site in model.Sites)
        {
            float[] values = [];
            int[] shape = [];
            ForwardHooks capture = new();
            capture.Add(site, (_, value) =>
            {
                (values, shape) = (value.ToArray(), value.Shape.ToArray());
                return null;
            });
            float[] plain;
            using (TensorScope scope = new())
            {
                plain = model.Forward(new TokenBatch([_long]), capture).ToArray();
            }

            using Tensor replacement = Tensor.FromValues(values, shape);
            ForwardHooks patch = new();
            patch.Add(site, (_, _) => replacement);
            for (int pass = 0; pass < 2; pass++)
            {
                using TensorScope scope = new();
                float[] patched = model.Forward(new TokenBatch([_long]), patch).ToArray();
                Assert.False(replacement.IsDisposed, $"{site}: the pass disposed of the caller's tensor");
                Assert.All(plain.Zip(patched), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Architectures))]
    public void The_gradient_at_every_site_is_the_finite_difference_of_replacing_it(string architecture)
    {
        using TransformerModel model = TinyTransformers.Create(architecture);
        foreach (Site site in model.Sites)
        {
            (float[] gradient, float[] value, int[] shape) = GradientAt(model, site);

            // Along the gradient's own direction the derivative is its squared norm: large against rounding.
            double norm = Math.Sqrt(gradient.Sum(g => (double)g * g));
            Assert.True(norm > 0, $"{site}: no gradient");
            const double step = 2e-2;
            double scale = step * Math.Sqrt(value.Sum(v => (double)v * v)) / (norm * Math.Sqrt(value.Length));
            double plus = Loss(model, site, Tensor.FromValues([.. value.Select((v, i) => v + (float)(scale * gradient[i]))], shape));
            double minus = Loss(model, site, Tensor.FromValues([.. value.Select((v, i) => v - (float)(scale * gradient[i]))], shape));
            double numerical = (plus - minus) / (2 * scale);
            Assert.True(Math.Abs(numerical - (norm * norm)) <= 0.02 * norm * norm, $"{site}: {numerical} against {norm * norm}");
        }
    }

    [Fact]
    public void Head_contributions_and_the_bias_add_up_to_the_attention_output()
    {
        using TransformerModel model = TinyTransformers.Create("gpt2");
        using IDisposable mode = GradientMode.Disable();
        using TensorScope scope = new();
        float[] heads = [];
        float[] output = [];
        ForwardHooks hooks = new();
        hooks.Add(new Site(SiteKind.AttentionHead, 1), (_, value) =>
        {
            heads = value.ToArray();
            return null;
        });
        model.Forward(new TokenBatch([_long]), hooks);
        ForwardHooks plain = new();
        plain.Add(new Site(SiteKind.AttentionOutput, 1), (_, value) =>
        {
            output = value.ToArray();
            return null;
        });
        model.Forward(new TokenBatch([_long]), plain);
        float[] bias = model.Parameters[new(ParameterRole.OutputBias, 1)].ToArray();
        int width = model.Description.Width;
        int headCount = model.Description.Attention.Heads;
        for (int i = 0; i < output.Length; i++)
        {
            float sum = bias[i % width];
            for (int head = 0; head < headCount; head++)
            {
                sum += heads[(((i / width * headCount) + head) * width) + (i % width)];
            }

            Assert.Equal(output[i], sum, 1e-5f);
        }
    }

    [Fact]
    public void Logits_at_the_last_position_are_those_of_the_whole_pass()
    {
        using TransformerModel model = TinyTransformers.Create("llama");
        using IDisposable mode = GradientMode.Disable();
        using TensorScope scope = new();
        TokenBatch batch = new([_long, _short]);
        float[] all = model.Forward(batch).ToArray();
        float[] last = model.Forward(batch, logitPositions: LogitPositions.Last).ToArray();
        int vocabulary = model.Description.VocabularySize;
        int[] rows = [_long.Length - 1, _long.Length + _short.Length - 1];
        for (int text = 0; text < 2; text++)
        {
            for (int token = 0; token < vocabulary; token++)
            {
                Assert.Equal(all[(rows[text] * vocabulary) + token], last[(text * vocabulary) + token], 1e-5f);
            }
        }
    }

    [Fact]
    public void The_bytes_of_a_pass_do_not_depend_on_the_number_of_threads()
    {
        using TransformerModel model = TinyTransformers.Create("gpt2");
        int before = DeterministicParallel.Threads;
        try
        {
            float[][] results = [.. ((int[])[1, 2, 3]).Select(threads =>
            {
                DeterministicParallel.Threads = threads;
                using IDisposable mode = GradientMode.Disable();
                using TensorScope scope = new();
                return model.Forward(new TokenBatch([_long, _short])).ToArray();
            })];
            Assert.Equal(results[0], results[1]);
            Assert.Equal(results[0], results[2]);
        }
        finally
        {
            DeterministicParallel.Threads = before;
        }
    }

    [Fact]
    public void Texts_too_long_or_with_foreign_ids_are_refused()
    {
        using TransformerModel model = TinyTransformers.Create("gpt2");
        Assert.Contains("positions", Assert.Throws<InputException>(() => model.Forward(new TokenBatch([new int[13]]))).Message, StringComparison.Ordinal);
        Assert.Contains("vocabulary", Assert.Throws<InputException>(() => model.Forward(new TokenBatch([[99]]))).Message, StringComparison.Ordinal);
        ForwardHooks hooks = new();
        hooks.Add(new Site(SiteKind.MlpOutput, 7), (_, _) => null);
        Assert.Contains("layers", Assert.Throws<InputException>(() => model.Forward(new TokenBatch([_short]), hooks)).Message, StringComparison.Ordinal);
    }

    private static (float[] Gradient, float[] Value, int[] Shape) GradientAt(TransformerModel model, Site site)
    {
        using TensorScope scope = new();
        Tensor? leaf = null;
        ForwardHooks hooks = new();
        hooks.Add(site, (_, value) =>
        {
            leaf = value.Detach();
            leaf.RequiresGradient = true;
            return leaf;
        });
        Tensor logits = model.Forward(new TokenBatch([_long]), hooks);
        Weighted(logits).Backward();
        return (leaf!.Gradient!.ToArray(), leaf.ToArray(), leaf.Shape.ToArray());
    }

    private static double Loss(TransformerModel model, Site site, Tensor replacement)
    {
        using IDisposable mode = GradientMode.Disable();
        using TensorScope scope = new();
        ForwardHooks hooks = new();
        hooks.Add(site, (_, _) => replacement);
        float[] logits = model.Forward(new TokenBatch([_long]), hooks).ToArray();
        double sum = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            sum += logits[i] * (double)Weight(i);
        }

        return sum;
    }

    private static Tensor Weighted(Tensor logits)
    {
        float[] weights = new float[logits.Length];
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = Weight(i);
        }

        return logits.Multiply(Tensor.FromValues(weights, logits.Shape)).Sum();
    }

    private static float Weight(int i) => MathF.Sin(1.7f * (i + 1));
}
