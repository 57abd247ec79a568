namespace CircuitLasso;

/// <summary>Rows of activations that an autoencoder is trained on, read in any order.</summary>
internal interface ITrainingRows
{
    /// <summary>What messages call them.</summary>
    string Subject { get; }

    /// <summary>A hash of where they come from, so that a training goes on with the same rows only.</summary>
    string Fingerprint { get; }

    /// <summary>Numbers in a row.</summary>
    int Width { get; }

    /// <summary>Number of rows.</summary>
    long Count { get; }

    /// <summary>Reads one row. Safe for several threads.</summary>
    void Read(long row, Span<float> destination);
}
