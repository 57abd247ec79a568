using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso;

/// <summary>
/// The loss of one batch of a task under interventions: the clean texts run, and patched edges carry what their sources write on the corrupt ones (or any other values).
/// </summary>
/// <remarks>Several threads may ask for losses at once. Like other tensors it ends with a <see cref="TensorScope"/> that is open when it is made.</remarks>
public sealed class PatchedTask : IDisposable
{
    private readonly TaskObjective _objective;
    private readonly TaskBatch _batch;
    private readonly Tensor? _reference;
    private readonly DecomposedForward _corrupt;

    /// <summary>Runs the clean and the corrupt texts.</summary>
    /// <param name="model">The model.</param>
    /// <param name="objective">The loss.</param>
    /// <param name="batch">A batch of its task.</param>
    public PatchedTask(TransformerModel model, TaskObjective objective, TaskBatch batch)
    {
        ArgumentNullException.ThrowIfNull(objective);
        ArgumentNullException.ThrowIfNull(batch);
        _objective = objective;
        _batch = batch;
        Clean = new DecomposedForward(model, batch.Clean);
        _corrupt = new DecomposedForward(model, batch.Corrupt);
        _reference = objective.Reference(batch, Clean.LogitsInput);
    }

    /// <summary>The run of the clean texts. Belongs to this object.</summary>
    public DecomposedForward Clean { get; }

    /// <summary>What the sources write on the corrupt texts. Belongs to this object.</summary>
    public ComponentValues Corrupt => _corrupt.Values;

    /// <summary>The batch's share of the loss of the clean texts.</summary>
    public double CleanLoss => Loss(Clean.LogitsInput);

    /// <summary>The batch's share of the loss of the corrupt texts, against the clean ones' answers.</summary>
    public double CorruptLoss => Loss(_corrupt.LogitsInput);

    /// <summary>The batch's share of the loss under a patch.</summary>
    /// <param name="patch">What edges carry.</param>
    public double Loss(EdgePatch patch)
    {
        using Tensor logitsInput = Clean.RunPatched(patch);
        return Loss(logitsInput);
    }

    /// <summary>Bytes that a batch needs for one position of a pair, roughly.</summary>
    /// <param name="model">The model.</param>
    /// <param name="task">The task.</param>
    internal static double BytesPerPosition(TransformerModel model, DiscoveryTask task)
    {
        double scored = (double)task.ScoredPositions.Sum(positions => positions.Length) / task.Clean.Sum(text => text.Length);
        return (2 * DecomposedForward.BytesPerPosition(model)) + (4 * sizeof(float) * scored * model.Description.OutputSize);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Clean.Dispose();
        _corrupt.Dispose();
        _reference?.Dispose();
    }

    private double Loss(Tensor logitsInput)
    {
        using IDisposable mode = GradientMode.Disable();
        using TensorScope scope = new();
        return _objective.Loss(_batch, logitsInput, _reference).Item();
    }
}
