namespace CircuitLasso;

/// <summary>How the rows of a site are stored.</summary>
public enum StoreSiteKind
{
    /// <summary>A tensor of rows x width float32.</summary>
    Dense,

    /// <summary>Compressed sparse rows: int64 <c>.indptr</c>, int32 <c>.indices</c> and float32 <c>.values</c>.</summary>
    Sparse,
}
