namespace CircuitLasso.Tensors;

/// <summary>How one tensor was computed: its inputs, what its gradient needs besides, and the gradient itself.</summary>
internal sealed class GraphNode
{
    private static long _count;

    private readonly Tensor?[] _inputs;
    private readonly int[] _versions;
    private readonly TensorStorage _output;
    private readonly int _outputVersion;
    private readonly TensorStorage[] _saved;
    private readonly Action<TensorStorage, GradientFlow> _backward;
    private bool _isReleased;

    internal GraphNode(TensorStorage output, ReadOnlySpan<Tensor?> inputs, Action<TensorStorage, GradientFlow> backward, ReadOnlySpan<TensorStorage> saved)
    {
        Order = Interlocked.Increment(ref _count);
        _inputs = inputs.ToArray();
        _versions = new int[inputs.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            _versions[i] = inputs[i]?.Storage.Version ?? 0;
        }

        _output = output;
        _outputVersion = output.Version;
        _backward = backward;
        _saved = saved.ToArray();
    }

    /// <summary>Later nodes have larger numbers, so falling order is a topological one.</summary>
    internal long Order { get; }

    internal ReadOnlySpan<Tensor?> Inputs => _inputs;

    /// <summary>Hands the gradient of the output on to the inputs.</summary>
    internal void Backward(TensorStorage outputGradient, GradientFlow flow)
    {
        ObjectDisposedException.ThrowIf(_isReleased, typeof(Tensor));
        bool isChanged = _output.Version != _outputVersion;
        for (int i = 0; i < _inputs.Length; i++)
        {
            isChanged |= _inputs[i] is { } input && input.Storage.Version != _versions[i];
        }

        if (isChanged)
        {
            throw new InvalidOperationException("A tensor has been overwritten since a result was computed from it, so the gradient would be wrong. Call Backward before changing values.");
        }

        _backward(outputGradient, flow);
    }

    internal void Release()
    {
        if (!_isReleased)
        {
            _isReleased = true;
            foreach (TensorStorage storage in _saved)
            {
                storage.Release();
            }
        }
    }
}
