namespace CircuitLasso.Tensors.Tests;

public sealed class PaddingTests
{
    private const int Batch = 3;
    private const int Positions = 7;
    private const int Width = 16;
    private static readonly int[] _lengths = [7, 4, 1];

    [Fact]
    public void Padded_positions_change_nothing_at_valid_ones()
    {
        using TensorScope scope = new();
        using SmallTransformer model = new(1, layers: 2, Width, heads: 4, keyHeads: 1, vocabulary: 5);
        float[] input = new RandomSource(2).NormalTensor(1, Batch, Positions, Width).ToArray();
        float[] output = Logits(model, input);
        float[] changed = [.. input];
        RandomSource noise = new(3);
        ForEachElement(Width, isPadded: true, i => changed[i] = (float)(1000 * noise.NextNormal()));
        float[] other = Logits(model, changed);
        int valid = 0;
        ForEachElement(5, isPadded: false, i =>
        {
            Assert.Equal(output[i], other[i]);
            valid++;
        });
        Assert.Equal(_lengths.Sum() * 5, valid);
    }

    [Fact]
    public void No_gradient_of_valid_positions_reaches_padded_ones()
    {
        using TensorScope scope = new();
        using SmallTransformer model = new(1, layers: 2, Width, heads: 4, keyHeads: 2, vocabulary: 5);
        Tensor input = new RandomSource(2).NormalTensor(1, Batch, Positions, Width);
        input.RequiresGradient = true;
        int[] targets = [.. Enumerable.Range(0, Batch * Positions).Select(i => i % Positions < _lengths[i / Positions] ? i % 5 : -1)];
        model.ForwardFrom(input, _lengths).CrossEntropy(targets).Backward();
        float[] gradient = input.Gradient!.ToArray();
        ForEachElement(Width, isPadded: true, i => Assert.Equal(0, gradient[i]));
        int flowing = 0;
        ForEachElement(Width, isPadded: false, i => flowing += gradient[i] != 0 ? 1 : 0);
        Assert.Equal(_lengths.Sum() * Width, flowing);
    }

    private static float[] Logits(SmallTransformer model, float[] input) =>
        model.ForwardFrom(Tensor.FromValues(input, Batch, Positions, Width), _lengths).ToArray();

    private static void ForEachElement(int width, bool isPadded, Action<int> action)
    {
        for (int i = 0; i < Batch * Positions * width; i++)
        {
            int position = i / width;
            if (position % Positions >= _lengths[position / Positions] == isPadded)
            {
                action(i);
            }
        }
    }
}
