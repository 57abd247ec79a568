namespace CircuitLasso.Numerics;

/// <summary>The innermost product, whose block of C stays in vector registers. The block is <see cref="Rows"/> x <see cref="Columns{T}"/>.</summary>
internal unsafe interface IMicroKernel
{
    /// <summary>Rows of the block.</summary>
    static abstract int Rows { get; }

    /// <summary>Columns of the block: two vectors.</summary>
    static abstract int Columns<T>()
        where T : unmanaged;

    /// <summary>C := alpha A B + beta C for one full block; C is not read when <paramref name="beta"/> is zero.</summary>
    /// <param name="depth">The inner dimension.</param>
    /// <param name="a">A packed panel: the <see cref="Rows"/> elements of a column of A lie side by side, column after column.</param>
    /// <param name="b">The first row of B; its <see cref="Columns{T}"/> elements lie side by side.</param>
    /// <param name="strideB">Elements from one row of B to the next.</param>
    /// <param name="c">C, row-major.</param>
    /// <param name="strideC">Elements from one row of C to the next.</param>
    /// <param name="alpha">Factor of the product.</param>
    /// <param name="beta">Factor of C.</param>
    static abstract void Multiply<T>(nint depth, T* a, T* b, nint strideB, T* c, nint strideC, T alpha, T beta)
        where T : unmanaged, System.Numerics.IFloatingPointIeee754<T>;
}
