namespace CircuitLasso.Tensors.Tests;

public sealed class AttentionTests
{
    // batch, queries, keys, heads, key heads, width
    public static TheoryData<int, int, int, int, int, int> Shapes => new()
    {
        { 1, 1, 1, 1, 1, 1 },
        { 2, 3, 3, 2, 2, 4 },
        { 2, 3, 5, 4, 2, 3 },
        { 1, 4, 4, 6, 1, 2 },
        { 0, 3, 3, 2, 1, 2 },
        { 1, 0, 3, 2, 1, 2 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Scores_are_scaled_products_of_queries_and_their_group_of_keys(int batch, int queries, int keys, int heads, int keyHeads, int width)
    {
        Random random = new(1);
        OperationCheck.Agrees(
            t => t[0].AttentionScores(t[1], 0.3f),
            t => Reference.Build([batch, heads, queries, keys], i => 0.3f * Enumerable.Range(0, width).Sum(w => t[0][i[0], i[2], i[1], w] * t[1][i[0], i[3], i[1] / (heads / keyHeads), w])),
            [Reference.Random(random, [batch, queries, heads, width]), Reference.Random(random, [batch, keys, keyHeads, width])]);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Values_are_mixed_by_the_pattern_of_each_head(int batch, int queries, int keys, int heads, int keyHeads, int width)
    {
        Random random = new(2);
        OperationCheck.Agrees(
            t => t[0].AttentionMix(t[1]),
            t => Reference.Build([batch, queries, heads, width], i => Enumerable.Range(0, keys).Sum(k => t[0][i[0], i[2], i[1], k] * t[1][i[0], k, i[2] / (heads / keyHeads), i[3]])),
            [Reference.Random(random, [batch, heads, queries, keys]), Reference.Random(random, [batch, keys, keyHeads, width])]);
    }

    public static TheoryData<bool, int[]?, int?, int> Masks => new()
    {
        { false, null, null, 5 },
        { true, null, null, 5 },
        { true, null, null, 2 },
        { true, [5, 3], null, 5 },
        { false, [0, 4], null, 5 },
        { true, null, 2, 5 },
        { false, [4, 1], 3, 5 },
        { true, [4, 5], 1, 3 },
    };

    [Theory]
    [MemberData(nameof(Masks))]
    public void Pattern_is_the_softmax_over_visible_keys(bool causal, int[]? lengths, int? window, int queries)
    {
        const int Keys = 5;
        AttentionMask mask = new() { Causal = causal, Lengths = lengths, Window = window };
        Reference scores = Reference.Random(new Random(3), [2, 3, queries, Keys]);
        bool IsVisible(int[] i)
        {
            int position = i[2] + Keys - queries;
            int valid = lengths?[i[0]] ?? Keys;
            bool isPast = i[3] <= position;
            return position < valid && i[3] < valid && (!causal || isPast) && (window is null || (isPast && position - i[3] < window));
        }

        Reference Twin(Reference[] t) => Reference.Build(scores.Shape, i =>
        {
            if (!IsVisible(i))
            {
                return 0;
            }

            IEnumerable<int[]> row = Enumerable.Range(0, Keys).Select(k => (int[])[i[0], i[1], i[2], k]).Where(IsVisible);
            return Math.Exp(t[0][i]) / row.Sum(j => Math.Exp(t[0][j]));
        });

        OperationCheck.Agrees(t => t[0].AttentionPattern(mask), Twin, [scores], 1e-6, 1e-6);
        using TensorScope scope = new();
        float[] pattern = scores.ToTensor().AttentionPattern(mask).ToArray();
        Reference visible = Reference.Build(scores.Shape, i => IsVisible(i) ? 1 : 0);
        Assert.All(pattern.Zip(visible.Values), pair => Assert.True(pair.Second == 1 || pair.First == 0, "A hidden entry is not exactly zero."));
    }

    public static TheoryData<int, int, int, int, int, int, bool, int[]?, int?, float?> Attentions => new()
    {
        { 1, 1, 1, 1, 1, 1, false, null, null, null },
        { 2, 3, 5, 4, 2, 3, true, null, null, null },
        { 2, 5, 5, 2, 2, 4, true, [5, 3], null, 0.7f },
        { 2, 4, 4, 2, 1, 2, false, [0, 4], null, null },
        { 1, 6, 6, 3, 1, 2, true, null, 2, 1.5f },
        { 0, 3, 3, 2, 1, 2, true, null, null, null },
        { 1, 0, 3, 2, 1, 2, false, null, null, null },
        { 2, 150, 150, 2, 1, 4, true, [150, 70], null, null },
        { 1, 200, 200, 1, 1, 3, true, null, 50, 2f },
        { 1, 70, 130, 2, 2, 5, false, null, null, 1f },
    };

    [Theory]
    [MemberData(nameof(Attentions))]
    public void Attention_in_one_step_is_attention_in_three(int batch, int queries, int keys, int heads, int keyHeads, int width, bool causal, int[]? lengths, int? window, float? softCap)
    {
        using TensorScope scope = new();
        AttentionMask mask = new() { Causal = causal, Lengths = lengths, Window = window };
        RandomSource random = new(8);
        Tensor[] inputs = [random.NormalTensor(1, batch, queries, heads, width), random.NormalTensor(1, batch, keys, keyHeads, width), random.NormalTensor(1, batch, keys, keyHeads, width)];
        Tensor seed = random.NormalTensor(1, batch, queries, heads, width);
        float[][] Run(Func<Tensor, Tensor, Tensor, Tensor> attention)
        {
            foreach (Tensor input in inputs)
            {
                input.RequiresGradient = true;
                input.ClearGradient();
            }

            Tensor mixed = attention(inputs[0], inputs[1], inputs[2]);
            mixed.Backward(seed);
            return [mixed.ToArray(), .. inputs.Select(input => input.Gradient!.ToArray())];
        }

        float[][] slow = Run((q, k, v) =>
        {
            Tensor scores = q.AttentionScores(k, 0.6f);
            return (softCap is { } cap ? scores.SoftCap(cap) : scores).AttentionPattern(mask).AttentionMix(v);
        });
        float[][] fast = Run((q, k, v) => q.Attention(k, v, 0.6f, mask, softCap));
        for (int i = 0; i < slow.Length; i++)
        {
            OperationCheck.AssertClose([.. slow[i].Select(value => (double)value)], fast[i], 2e-6, $"result {i}");
        }
    }

    [Fact]
    public void Attention_in_one_step_has_the_gradients_of_differences()
    {
        AttentionMask mask = new() { Causal = true, Window = 3 };
        Random random = new(9);
        OperationCheck.Agrees(
            t => t[0].Attention(t[1], t[2], 0.3f, mask, 0.8f),
            t => Reference.Build([2, 4, 2, 3], i =>
            {
                double Score(int key) => 0.8 * Math.Tanh(0.3f * Enumerable.Range(0, 3).Sum(w => t[0][i[0], i[1], i[2], w] * t[1][i[0], key, 0, w]) / 0.8);
                int[] visible = [.. Enumerable.Range(0, i[1] + 1).Where(key => i[1] - key < 3)];
                return visible.Sum(key => Math.Exp(Score(key)) * t[2][i[0], key, 0, i[3]]) / visible.Sum(key => Math.Exp(Score(key)));
            }),
            [Reference.Random(random, [2, 4, 2, 3]), Reference.Random(random, [2, 4, 1, 3]), Reference.Random(random, [2, 4, 1, 3])]);
    }

    [Fact]
    public void Hidden_scores_are_not_read()
    {
        using TensorScope scope = new();
        AttentionMask mask = new() { Causal = true, Lengths = [2] };
        float[] scores = [1, float.NaN, float.NaN, 1, 3, float.PositiveInfinity, float.NaN, float.NaN, float.NaN];
        float[] pattern = Tensor.FromValues(scores, 1, 1, 3, 3).AttentionPattern(mask).ToArray();
        double later = 1 / (1 + Math.Exp(1 - 3));
        OperationCheck.AssertClose([1, 0, 0, 1 - later, later, 0, 0, 0, 0], pattern, 1e-6, "pattern");
    }

    [Fact]
    public void Masks_that_do_not_fit_are_refused()
    {
        using TensorScope scope = new();
        Tensor scores = Tensor.Zeros(2, 1, 3, 3);
        Assert.Throws<ArgumentException>(() => scores.AttentionPattern(new AttentionMask { Lengths = [3] }));
        Assert.Throws<ArgumentException>(() => scores.AttentionPattern(new AttentionMask { Lengths = [3, 4] }));
        Assert.Throws<ArgumentException>(() => scores.AttentionPattern(new AttentionMask { Window = 0 }));
        Assert.Throws<ArgumentException>(() => Tensor.Zeros(2, 1, 4, 3).AttentionPattern(new AttentionMask { Causal = true }));
        Assert.Throws<ArgumentException>(() => Tensor.Zeros(1, 3, 3, 2).AttentionScores(Tensor.Zeros(1, 3, 2, 2), 1));
        Assert.Throws<ArgumentException>(() => Tensor.Zeros(1, 2, 3, 3).AttentionMix(Tensor.Zeros(1, 4, 2, 2)));
        Tensor q = Tensor.Zeros(1, 3, 2, 4);
        Assert.Throws<ArgumentException>(() => q.Attention(q, Tensor.Zeros(1, 3, 1, 4), 1, AttentionMask.None));
        Assert.Throws<ArgumentException>(() => q.Attention(q, q, 1, new AttentionMask { Lengths = [4] }));
        Assert.Throws<ArgumentOutOfRangeException>(() => q.Attention(q, q, 1, AttentionMask.None, 0));
    }

    [Theory]
    [InlineData(4, 4, false)]
    [InlineData(6, 4, false)]
    [InlineData(40, 36, true)]
    [InlineData(5, 0, true)]
    public void Rotary_turns_pairs_half_the_rotated_width_apart(int width, int rotated, bool positionsPerRow)
    {
        RotaryFrequencies frequencies = RotaryFrequencies.FromBase(rotated, 100);
        int[] positions = positionsPerRow ? [0, 1, 2, 7, 8, 9] : [0, 3, 11];
        OperationCheck.Agrees(
            t => t[0].Rotary(positions, frequencies),
            t => Reference.Build([2, 3, 2, width], i =>
            {
                if (i[3] >= rotated)
                {
                    return t[0][i];
                }

                int pair = i[3] % (rotated / 2);
                double angle = positions[(positionsPerRow ? i[0] * 3 : 0) + i[1]] * frequencies.InverseFrequencies[pair];
                double a = t[0][i[0], i[1], i[2], pair];
                double b = t[0][i[0], i[1], i[2], pair + (rotated / 2)];
                return i[3] < rotated / 2 ? (a * Math.Cos(angle)) - (b * Math.Sin(angle)) : (b * Math.Cos(angle)) + (a * Math.Sin(angle));
            }),
            [Reference.Random(new Random(4), [2, 3, 2, width])]);
    }

    [Fact]
    public void Rotary_frequencies_follow_the_base()
    {
        RotaryFrequencies frequencies = RotaryFrequencies.FromBase(8, 10000);
        Assert.Equal(8, frequencies.RotatedWidth);
        Assert.Equal([1, 0.1f, 0.01f, 0.001f], frequencies.InverseFrequencies.ToArray());
        Assert.Throws<ArgumentException>(() => RotaryFrequencies.FromBase(3, 10000));
        using TensorScope scope = new();
        Assert.Throws<ArgumentException>(() => Tensor.Zeros(1, 2, 1, 4).Rotary([0, 1], frequencies));
        Assert.Throws<ArgumentException>(() => Tensor.Zeros(1, 2, 1, 8).Rotary([0, 1, 2], frequencies));
    }
}
