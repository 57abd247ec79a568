using System.Numerics;
using CircuitLasso.Numerics;

namespace CircuitLasso;

/// <summary>A parameter with its gradient and Adam's two moments, rows x width, outside the managed heap. Rows may be updated on several threads.</summary>
internal sealed class TrainedMatrix : IDisposable
{
    private const float FirstDecay = 0.9f;
    private const float SecondDecay = 0.999f;
    private const float Epsilon = 6.25e-10f;

    public TrainedMatrix(int rows, int width)
    {
        Rows = rows;
        Width = width;
        Value = new NativeBuffer<float>((nint)rows * width);
        Gradient = new NativeBuffer<float>((nint)rows * width);
        FirstMoment = new NativeBuffer<float>((nint)rows * width);
        SecondMoment = new NativeBuffer<float>((nint)rows * width);
    }

    public int Rows { get; }

    public int Width { get; }

    public NativeBuffer<float> Value { get; }

    public NativeBuffer<float> Gradient { get; }

    public NativeBuffer<float> FirstMoment { get; }

    public NativeBuffer<float> SecondMoment { get; }

    public Span<float> Row(int row) => Value.Slice((nint)row * Width, Width);

    public Span<float> GradientRow(int row) => Gradient.Slice((nint)row * Width, Width);

    /// <summary>
    /// Adam on one row (Kingma and Ba 2015): m := b1 m + (1 - b1) g, v := b2 v + (1 - b2) g^2, p := p - rate m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + epsilon),
    /// with the constants of Gao et al. 2024.
    /// </summary>
    /// <param name="row">The row.</param>
    /// <param name="step">t, from 1.</param>
    /// <param name="rate">The learning rate of the step.</param>
    public void Update(int row, int step, float rate)
    {
        float scaledRate = (float)(rate / (1 - Math.Pow(FirstDecay, step)));
        float correction = (float)(1 / Math.Sqrt(1 - Math.Pow(SecondDecay, step)));
        Span<float> values = Row(row);
        Span<float> gradients = GradientRow(row);
        Span<float> first = FirstMoment.Slice((nint)row * Width, Width);
        Span<float> second = SecondMoment.Slice((nint)row * Width, Width);
        int i = 0;
        for (; i <= Width - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> g = new(gradients[i..]);
            Vector<float> m = (new Vector<float>(first[i..]) * FirstDecay) + (g * (1 - FirstDecay));
            Vector<float> v = (new Vector<float>(second[i..]) * SecondDecay) + (g * g * (1 - SecondDecay));
            m.CopyTo(first[i..]);
            v.CopyTo(second[i..]);
            (new Vector<float>(values[i..]) - (m * scaledRate / ((Vector.SquareRoot(v) * correction) + new Vector<float>(Epsilon)))).CopyTo(values[i..]);
        }

        for (; i < Width; i++)
        {
            float g = gradients[i];
            first[i] = (first[i] * FirstDecay) + (g * (1 - FirstDecay));
            second[i] = (second[i] * SecondDecay) + (g * g * (1 - SecondDecay));
            values[i] -= first[i] * scaledRate / ((MathF.Sqrt(second[i]) * correction) + Epsilon);
        }
    }

    public void Dispose()
    {
        Value.Dispose();
        Gradient.Dispose();
        FirstMoment.Dispose();
        SecondMoment.Dispose();
    }
}
