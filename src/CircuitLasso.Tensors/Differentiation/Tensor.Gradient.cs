namespace CircuitLasso.Tensors;

/// <content>Gradients.</content>
public sealed partial class Tensor
{
    private bool _isLeafWithGradient;

    /// <summary>
    /// Whether gradients flow to this tensor. It can be set on leaves: tensors that were not computed from tensors that require gradients.
    /// </summary>
    /// <exception cref="InvalidOperationException">The tensor is no leaf: it was computed from tensors that require gradients; or it is not stored as float32.</exception>
    public bool RequiresGradient
    {
        get => Node is not null || _isLeafWithGradient;
        set
        {
            if (Node is not null)
            {
                throw new InvalidOperationException("Only a leaf can be told whether it requires a gradient; this tensor was computed from tensors that do. Use Detach or RetainGradient.");
            }

            if (value && StoredType != StoredType.Float32)
            {
                throw new InvalidOperationException($"A tensor stored as {StoredType} is a constant; Clone it, which gives float32, to differentiate by it.");
            }

            _isLeafWithGradient = value;
        }
    }

    /// <summary>
    /// The sum of the gradients of all calls of <see cref="Backward()"/> since the last <see cref="ClearGradient"/>, of this tensor's shape; null where none
    /// arrived. It belongs to this tensor and ends with it: <see cref="Clone"/> it to keep it longer.
    /// </summary>
    public Tensor? Gradient { get; private set; }

    internal GraphNode? Node { get; private set; }

    internal bool RetainsGradient { get; private set; }

    /// <summary>Asks for <see cref="Gradient"/> at a tensor that is no leaf, at a hook point for example. Call it before <see cref="Backward()"/>.</summary>
    /// <exception cref="InvalidOperationException">No gradient flows to this tensor.</exception>
    public void RetainGradient()
    {
        if (!RequiresGradient)
        {
            throw new InvalidOperationException("No gradient flows to this tensor: nothing it was computed from requires one. Set RequiresGradient on it instead.");
        }

        RetainsGradient = true;
    }

    /// <summary>Forgets the gradient.</summary>
    public void ClearGradient()
    {
        Gradient?.Dispose();
        Gradient = null;
    }

    /// <summary>Adds the gradient of this number to every leaf (and every tensor that retains its gradient) that it was computed from.</summary>
    /// <remarks>The record of the computation is kept until its tensors are disposed of, so the call can be repeated, and adds again.</remarks>
    /// <exception cref="InvalidOperationException">The tensor has more than one element, requires no gradient, or was computed from values that have changed since.</exception>
    /// <exception cref="ObjectDisposedException">A tensor that it was computed from has been disposed of.</exception>
    public void Backward()
    {
        if (Length != 1)
        {
            throw new InvalidOperationException($"A tensor of shape {TensorShape.Describe(_shape)} is not one number; give a seed of its shape.");
        }

        TensorStorage seed = Backend.Allocate(1, zeroed: false);
        Backend.Fill(seed, 1);
        GradientFlow.Run(this, seed);
    }

    /// <summary>Like <see cref="Backward()"/> for the sum of the elements of this tensor times <paramref name="seed"/>.</summary>
    /// <param name="seed">The gradient of the final number by this tensor, of its shape.</param>
    /// <inheritdoc cref="Backward()"/>
    /// <exception cref="ArgumentException">The seed has another shape.</exception>
    public void Backward(Tensor seed)
    {
        ArgumentNullException.ThrowIfNull(seed);
        TensorShape.RequireSame(seed.Shape, _shape, nameof(seed));
        GradientFlow.Run(this, seed.Storage.Share());
    }

    /// <summary>Remembers how this tensor was computed, where a gradient is wanted; otherwise lets go of what only the gradient needs.</summary>
    internal Tensor Record(ReadOnlySpan<Tensor?> inputs, Action<TensorStorage, GradientFlow> backward, params ReadOnlySpan<TensorStorage> saved)
    {
        if (GradientMode.IsWanted(inputs))
        {
            Node = new GraphNode(Storage, inputs, backward, saved);
        }
        else
        {
            foreach (TensorStorage storage in saved)
            {
                storage.Release();
            }
        }

        return this;
    }

    /// <summary>Adds to <see cref="Gradient"/>; the reference to the storage stays with the caller.</summary>
    internal void PublishGradient(TensorStorage gradient)
    {
        if (Gradient is null)
        {
            // Always a copy of its own: the flow goes on to share this storage with the inputs.
            TensorStorage own = Backend.Allocate(Length, zeroed: false);
            Backend.Affine(gradient, 1, 0, own);
            Gradient = new Tensor(own, _shape, scoped: false);
        }
        else
        {
            Backend.Accumulate(Gradient.Storage, gradient, 1);
        }
    }

    /// <summary>Makes a storage that nobody else holds the gradient, without a copy.</summary>
    internal void TakeGradient(TensorStorage gradient)
    {
        if (Gradient is not null || gradient.IsShared)
        {
            PublishGradient(gradient);
            gradient.Release();
        }
        else
        {
            Gradient = new Tensor(gradient, _shape, scoped: false);
        }
    }
}
