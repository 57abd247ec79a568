using System.Diagnostics;
using CircuitLasso.Models;
using CircuitLasso.Tensors;

namespace CircuitLasso;

/// <summary>
/// The work of a gradient method on one batch: passes with and without gradients, and what they leave. A pass over the clean or the corrupt texts is run once, with
/// gradients where they are wanted there.
/// </summary>
internal sealed class AttributionBatch : IDisposable
{
    private readonly TransformerModel _model;
    private readonly TaskObjective _objective;
    private readonly TaskBatch _batch;
    private readonly Stopwatch _collection;
    private readonly Stopwatch _differentiation;
    private readonly EdgeGradients _gradients;
    private Tensor? _reference;

    public AttributionBatch(
        TransformerModel model, PatchingGraph graph, HeadInputBackward heads, TaskObjective objective, TaskBatch batch, Stopwatch collection, Stopwatch differentiation)
    {
        _model = model;
        _objective = objective;
        _batch = batch;
        _collection = collection;
        _differentiation = differentiation;
        _gradients = new EdgeGradients(model, graph, heads, batch.Rows);
        Clean = new RecordedSources(model.Description.Layers);
        Corrupt = new RecordedSources(model.Description.Layers);
    }

    public RecordedSources Clean { get; }

    public RecordedSources Corrupt { get; }

    /// <summary>Runs the clean texts without gradients, and keeps what the loss compares with.</summary>
    public void CollectClean() => Collect(_batch.Clean, Clean, last => _reference = _objective.Reference(_batch, last));

    /// <summary>Runs the corrupt texts without gradients.</summary>
    public void CollectCorrupt() => Collect(_batch.Corrupt, Corrupt, null);

    /// <summary>Adds the gradients at the clean texts, and keeps what the sources compute.</summary>
    public void AddCleanPass() => AddPass(_batch.Clean, null, null, Clean);

    /// <summary>Adds the gradients at the corrupt texts, and keeps what the sources compute.</summary>
    public void AddCorruptPass() => AddPass(_batch.Corrupt, null, null, Corrupt);

    /// <summary>Adds the gradients of a pass over the clean texts in which something is replaced.</summary>
    /// <param name="embedding">What stands in the place of the embedding; null for the texts' own.</param>
    /// <param name="hooks">What else is replaced; null for nothing.</param>
    public void AddPass(float[]? embedding, ForwardHooks? hooks = null) => AddPass(_batch.Clean, embedding, hooks, null);

    /// <summary>Adds factor times the scores of the batch by destination and source.</summary>
    public void AddScores(double factor, double[][] scores)
    {
        _differentiation.Start();
        _gradients.AddScores(Clean, Corrupt, factor, scores);
        _differentiation.Stop();
    }

    public void Dispose()
    {
        _reference?.Dispose();
        _gradients.Dispose();
    }

    private void Collect(TokenBatch texts, RecordedSources sources, Action<Tensor>? atEnd)
    {
        _collection.Start();
        ForwardHooks hooks = new();
        sources.Record(hooks);
        using (GradientMode.Disable())
        {
            using Tensor last = _model.Forward(texts, hooks, LogitPositions.None);
            atEnd?.Invoke(last);
        }

        _collection.Stop();
    }

    private void AddPass(TokenBatch texts, float[]? embedding, ForwardHooks? hooks, RecordedSources? record)
    {
        _differentiation.Start();
        hooks ??= new ForwardHooks();
        record?.Record(hooks);
        _gradients.AddPass(texts, embedding, residual => _objective.Loss(_batch, residual, _reference), hooks);
        _differentiation.Stop();
    }
}
