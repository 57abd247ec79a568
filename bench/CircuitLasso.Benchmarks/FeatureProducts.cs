using System.Globalization;
using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso.Benchmarks;

/// <summary>
/// What the matrix products of a collection of features would take by themselves: products of the same shapes, on as many threads at once, each with matrices of its own,
/// timed before and after the work in seconds of processor, and their floating-point operations counted. Attention's products (of at most 45 positions) are left out.
/// </summary>
internal sealed class FeatureProducts
{
    private const int Tokens = 1024;
    private const int EncoderRows = 128;
    private const int LogitRows = 83;
    private const int Repeats = 4;

    private readonly ModelDescription _model;
    private readonly SiteAutoencoder[] _autoencoders;
    private readonly (string Name, int Rows, int Columns, int Inner)[] _shapes;
    private readonly double[] _flops;
    private readonly double[] _seconds;
    private double _encode;
    private double _encodeProduct;
    private double _decode;
    private int _encodings;

    public FeatureProducts(ModelDescription model, SiteAutoencoder[] autoencoders)
    {
        _model = model;
        _autoencoders = autoencoders;
        _shapes =
        [
            ("attention's four", Tokens, model.Width, model.Width),
            ("MLP up", Tokens, model.Mlp.HiddenWidth, model.Width),
            ("MLP down", Tokens, model.Width, model.Mlp.HiddenWidth),
            ("unembedding", LogitRows, model.VocabularySize, model.Width),
            ("encoders", EncoderRows, RandomAutoencoders.Features, model.Width),
        ];
        _flops = new double[_shapes.Length];
        _seconds = new double[_shapes.Length];
    }

    /// <summary>Times every product, and one autoencoder's parts; times of several calls add up.</summary>
    public void Measure()
    {
        int threads = DeterministicParallel.Threads;
        for (int shape = 0; shape < _shapes.Length; shape++)
        {
            (_, int rows, int columns, int inner) = _shapes[shape];
            using NativeBuffer<float> a = Random(rows * inner);
            using NativeBuffer<float> b = Random(columns * inner);
            using NativeBuffer<float> c = new((nint)rows * columns * threads);
            void Multiply(int thread) => MatrixProduct.Gemm(
                false, true, rows, columns, inner, 1f, a.Span, inner, b.Span, inner, 0f, c.Slice((nint)thread * rows * columns, rows * columns), columns);
            DeterministicParallel.For(threads, Multiply);
            StageClock clock = new();
            DeterministicParallel.For(threads, thread =>
            {
                for (int repeat = 0; repeat < Repeats; repeat++)
                {
                    Multiply(thread);
                }
            });
            _seconds[shape] += clock.Lap().ProcessorSeconds!.Value;
            _flops[shape] += 2.0 * rows * columns * inner * threads * Repeats;
        }

        MeasureAutoencoder(threads);
    }

    /// <summary>Prints the rates, and the share of the collection that the products would take at them.</summary>
    public void Print(long padded, CollectionResult collected, Stage collection, Stage learning)
    {
        double layers = _model.Layers, tokens = padded;
        double[] work =
        [
            tokens * layers * 8 * _model.Width * _model.Width,
            tokens * layers * 2 * _model.Width * _model.Mlp.HiddenWidth,
            tokens * layers * 2 * _model.Width * _model.Mlp.HiddenWidth,
            2.0 * (collected.Tokens - collected.Texts) * _model.Width * _model.VocabularySize,
            2.0 * collected.Tokens * _autoencoders.Length * RandomAutoencoders.Features * _model.Width,
        ];
        Console.WriteLine($"{"matrix products, by themselves",-34}{"shape",22}{"GFLOP",12}{"GFLOP/s",12}{"processor s",14}");
        double total = 0;
        for (int shape = 0; shape < _shapes.Length; shape++)
        {
            (string name, int rows, int columns, int inner) = _shapes[shape];
            double rate = _flops[shape] / _seconds[shape];
            total += work[shape] / rate;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{name,-34}{$"{rows} x {columns} x {inner}",22}{work[shape] / 1e9,12:F0}{rate / 1e9,12:F1}{work[shape] / rate,14:F2}"));
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"share of matrix products, by processor: {total / collection.ProcessorSeconds:F2} of the collection, {total / (collection.ProcessorSeconds + learning.ProcessorSeconds):F2} with learning the label; the collection's own rate {work.Sum() / collection.ProcessorSeconds / 1e9:F1} GFLOP a processor second"));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"one autoencoder, {Tokens} rows, by processor: encoding {_encode / _encodings * 1e3:F0} ms ({_encodeProduct / _encode:P0} of it the product), decoding {_decode / _encodings * 1e3:F0} ms"));
    }

    private void MeasureAutoencoder(int threads)
    {
        int width = _model.Width;
        using NativeBuffer<float> inputs = Random(Tokens * width);
        using NativeBuffer<float> dense = new((nint)EncoderRows * RandomAutoencoders.Features * threads);
        SparseFeatureRows[] features = [.. Enumerable.Range(0, threads).Select(_ => new SparseFeatureRows(RandomAutoencoders.Features))];
        float[][] outputs = [.. Enumerable.Range(0, threads).Select(_ => new float[Tokens * width])];
        SparseAutoencoder Of(int thread) => _autoencoders[thread % _autoencoders.Length].Autoencoder;
        StageClock clock = new();
        DeterministicParallel.For(threads, thread => Of(thread).Encode(inputs.Span, features[thread]));
        _encode += clock.Lap().ProcessorSeconds!.Value;
        DeterministicParallel.For(threads, thread => Of(thread).Decode(features[thread], inputs.Span, outputs[thread]));
        _decode += clock.Lap().ProcessorSeconds!.Value;
        DeterministicParallel.For(threads, thread =>
        {
            for (int row = 0; row < Tokens; row += EncoderRows)
            {
                MatrixProduct.Gemm(
                    false, true, EncoderRows, RandomAutoencoders.Features, width, 1f, inputs.Slice(row * width, EncoderRows * width), width, Of(thread).Encoder, width, 0f,
                    dense.Slice((nint)thread * EncoderRows * RandomAutoencoders.Features, EncoderRows * RandomAutoencoders.Features), RandomAutoencoders.Features);
            }
        });
        _encodeProduct += clock.Lap().ProcessorSeconds!.Value;
        _encodings += threads;
        Array.ForEach(features, rows => rows.Dispose());
    }

    private static NativeBuffer<float> Random(int count)
    {
        NativeBuffer<float> buffer = new(count, zeroed: false);
        RandomSource random = new(3);
        foreach (ref float value in buffer.Span)
        {
            value = (float)random.NextDouble() - 0.5f;
        }

        return buffer;
    }
}
