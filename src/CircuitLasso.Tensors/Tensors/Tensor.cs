namespace CircuitLasso.Tensors;

/// <summary>
/// A row-major contiguous array of numbers, on a backend, computed with in float32, that remembers how it was computed where a gradient was asked for.
/// </summary>
/// <remarks>
/// Tensors made inside a <see cref="TensorScope"/> end with it. Others are disposed of by their owner; memory that nobody disposes of is freed by
/// the garbage collector, late. A tensor may be read from several threads; writing to it, and <see cref="Backward()"/> to shared leaves, are for one
/// thread at a time.
/// </remarks>
public sealed partial class Tensor : IDisposable
{
    private readonly int[] _shape;
    private TensorStorage? _storage;

    internal Tensor(TensorStorage storage, int[] shape, bool scoped = true)
    {
        _storage = storage;
        _shape = shape;
        Length = storage.Length;
        if (scoped)
        {
            TensorScope.Current?.Add(this);
        }
    }

    /// <summary>The dimensions, outermost first; empty for a scalar.</summary>
    public ReadOnlySpan<int> Shape => _shape;

    /// <summary>Number of dimensions.</summary>
    public int Rank => _shape.Length;

    /// <summary>Number of elements.</summary>
    public long Length { get; }

    /// <summary>Whether the tensor has been disposed of.</summary>
    public bool IsDisposed => _storage is null;

    internal TensorScope? Scope { get; set; }

    internal int ScopeIndex { get; set; }

    internal int[] ShapeArray => _shape;

    internal TensorStorage Storage
    {
        get
        {
            ObjectDisposedException.ThrowIf(_storage is null, this);
            return _storage;
        }
    }

    internal ITensorBackend Backend => Storage.Backend;

    /// <summary>A tensor of zeros.</summary>
    /// <param name="shape">Dimensions, outermost first; none for a scalar.</param>
    /// <exception cref="ArgumentOutOfRangeException">A dimension is negative.</exception>
    public static Tensor Zeros(params ReadOnlySpan<int> shape) =>
        new(TensorBackend.Default.Allocate(TensorShape.Count(shape), zeroed: true), shape.ToArray());

    /// <summary>A tensor that copies values in row-major order.</summary>
    /// <param name="values">As many values as the shape has elements.</param>
    /// <param name="shape">Dimensions, outermost first; none for a scalar.</param>
    /// <exception cref="ArgumentException">The number of values is not that of the shape.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A dimension is negative.</exception>
    public static Tensor FromValues(ReadOnlySpan<float> values, params ReadOnlySpan<int> shape)
    {
        if (TensorShape.Count(shape) != values.Length)
        {
            throw new ArgumentException($"{values.Length} values do not fill the shape {TensorShape.Describe(shape)}.", nameof(values));
        }

        TensorStorage storage = TensorBackend.Default.Allocate(values.Length, zeroed: false);
        storage.Backend.Upload(values, storage, 0);
        return new Tensor(storage, shape.ToArray());
    }

    /// <summary>A tensor without dimensions that holds one value.</summary>
    public static Tensor Scalar(float value) => FromValues([value]);

    /// <summary>The size of one dimension.</summary>
    /// <param name="axis">From 0, or from -1 for the last backwards.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such axis.</exception>
    public int Dimension(int axis) => _shape[TensorShape.Axis(axis, Rank)];

    /// <summary>The values in row-major order.</summary>
    /// <exception cref="OverflowException">There are more than 2^31 - 1 of them.</exception>
    public float[] ToArray()
    {
        float[] values = new float[checked((int)Length)];
        CopyTo(values);
        return values;
    }

    /// <summary>Copies the values out in row-major order.</summary>
    /// <param name="destination">At least as long as the tensor.</param>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    public void CopyTo(Span<float> destination)
    {
        if (destination.Length < Length)
        {
            throw new ArgumentException($"{Length} values do not fit into {destination.Length}.", nameof(destination));
        }

        if (IsPlain)
        {
            Backend.Download(Storage, 0, destination[..(int)Length]);
            return;
        }

        TensorStorage wide = Backend.Allocate(Length, zeroed: false);
        Backend.Widen(Storage, wide);
        Backend.Download(wide, 0, destination[..(int)Length]);
        wide.Release();
    }

    /// <summary>Overwrites the values. A gradient that still needs the old ones is refused from then on.</summary>
    /// <param name="source">As many values as the tensor has elements.</param>
    /// <exception cref="ArgumentException">The number of values is not that of the tensor.</exception>
    /// <exception cref="InvalidOperationException">The tensor is not stored as float32.</exception>
    public void CopyFrom(ReadOnlySpan<float> source)
    {
        if (source.Length != Length)
        {
            throw new ArgumentException($"{source.Length} values do not fill {Length}.", nameof(source));
        }

        Storage.MarkChanged();
        Backend.Upload(source, Storage, 0);
    }

    /// <summary>The only value.</summary>
    /// <exception cref="InvalidOperationException">The tensor has not exactly one element.</exception>
    public float Item()
    {
        if (Length != 1)
        {
            throw new InvalidOperationException($"A tensor of shape {TensorShape.Describe(_shape)} is not one number.");
        }

        Span<float> value = stackalloc float[1];
        Backend.Download(Storage, 0, value);
        return value[0];
    }

    /// <summary>The same values without the memory of how they were computed; shares the storage.</summary>
    public Tensor Detach() => new(Storage.Share(), _shape);

    /// <summary>A copy of the values in float32, with a storage of its own and no memory of how they were computed.</summary>
    public Tensor Clone()
    {
        TensorStorage wide = Backend.Allocate(Length, zeroed: false);
        Backend.Widen(Storage, wide);
        return new Tensor(wide, _shape);
    }

    /// <summary>Lets go of the memory, the gradient and the record of how the tensor was computed. Calling it again does nothing.</summary>
    public void Dispose()
    {
        if (_storage is null)
        {
            return;
        }

        Scope?.Remove(this);
        Node?.Release();
        ClearGradient();
        _storage.Release();
        _storage = null;
    }

    /// <inheritdoc/>
    public override string ToString() => $"Tensor {TensorShape.Describe(_shape)}{(IsDisposed ? ", disposed" : string.Empty)}";
}
