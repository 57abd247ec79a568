using System.Globalization;
using CircuitLasso.Models;
using CircuitLasso.Numerics;
using CircuitLasso.Tensors;

namespace CircuitLasso.Benchmarks;

/// <summary>A pass of a model, its best time, and the largest memory that it held.</summary>
/// <param name="Name">For the table.</param>
/// <param name="Model">The model.</param>
/// <param name="Batch">What it runs on.</param>
/// <param name="Logits">Where logits are computed.</param>
/// <param name="Forwards">How often the arithmetic of a forward pass is done: 2 with gradients of activations, 3 with those of parameters too.</param>
/// <param name="Run">The pass.</param>
internal sealed record MeasuredPass(string Name, TransformerModel Model, TokenBatch Batch, LogitPositions Logits, int Forwards, Action Run)
{
    private const double MiB = 1 << 20;
    private Cost _best = new(double.MaxValue, double.MaxValue);
    private long _bytes;

    /// <summary>Runs it once, and keeps what is best.</summary>
    public void Turn()
    {
        // Free blocks of other passes would count as this one's. The first run after this has its memory to fetch, the second is the steady state.
        TensorBackend.ReleaseFreeMemory();
        NativeMemoryLedger.ResetPeak();
        long before = NativeMemoryLedger.CurrentBytes - WeightBytes;
        Run();
        _bytes = NativeMemoryLedger.PeakBytes - before;
        _best = _best.Best(Cost.Of(Run));
    }

    /// <summary>One line of the table.</summary>
    public void Print(double rate, double processorRate)
    {
        PassCost cost = PassCost.Of(Model.Description, Batch.Count, Batch.Positions, Logits);
        double operations = cost.Operations * Forwards;
        double stated = WeightBytes + (Forwards == 1 ? cost.ForwardBytes : cost.GradientBytes) + (Forwards == 3 ? WeightBytes : 0);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Name,-62}{_best.Seconds * 1e3,9:F1}{_best.ProcessorSeconds * 1e3,11:F1}{Batch.Ids.Length / _best.Seconds,10:F0}{operations / _best.Seconds / rate,13:F2}{operations / _best.ProcessorSeconds / processorRate,14:F2}{_bytes / MiB,8:F0}{stated / MiB,8:F0}{_bytes / stated,7:F2}"));
    }

    private long WeightBytes => sizeof(float) * Model.Parameters.Count;
}
