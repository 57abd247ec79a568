namespace CircuitLasso.Tensors;

/// <summary>
/// Ends the life of temporary tensors: those created on this thread while the scope is the innermost one are disposed of when it ends,
/// and their memory goes back to the backend's pool. Results leave through <see cref="Keep"/>.
/// </summary>
/// <remarks>A scope belongs to the thread that created it; scopes nest and end innermost first, as <c>using</c> does.</remarks>
public sealed class TensorScope : IDisposable
{
    [ThreadStatic]
    private static TensorScope? _current;

    private readonly TensorScope? _parent;
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private readonly List<Tensor?> _tensors = [];
    private bool _isDisposed;

    /// <summary>Opens a scope on this thread.</summary>
    public TensorScope()
    {
        _parent = _current;
        _current = this;
    }

    internal static TensorScope? Current => _current;

    /// <summary>Lets a tensor outlive this scope: it moves to the enclosing scope, or, without one, to the caller, who disposes of it.</summary>
    /// <param name="tensor">A tensor; one that is not of this scope is left where it is.</param>
    /// <returns>The same tensor.</returns>
    public Tensor Keep(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (tensor.Scope == this)
        {
            Remove(tensor);
            _parent?.Add(tensor);
        }

        return tensor;
    }

    /// <summary>Disposes of the tensors of the scope. Calling it again does nothing.</summary>
    /// <exception cref="InvalidOperationException">Another thread created the scope, or an inner scope is still open.</exception>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        if (_thread != Environment.CurrentManagedThreadId || _current != this)
        {
            throw new InvalidOperationException("A tensor scope ends on the thread that opened it, after its inner scopes.");
        }

        _isDisposed = true;
        _current = _parent;

        // Last made, first disposed of: the pool then hands the warmest memory out first.
        for (int i = _tensors.Count - 1; i >= 0; i--)
        {
            _tensors[i]?.Dispose();
        }
    }

    internal void Add(Tensor tensor)
    {
        tensor.Scope = this;
        tensor.ScopeIndex = _tensors.Count;
        _tensors.Add(tensor);
    }

    internal void Remove(Tensor tensor)
    {
        _tensors[tensor.ScopeIndex] = null;
        tensor.Scope = null;
    }
}
