namespace CircuitLasso.Tests;

/// <summary>Single numbers of a store.</summary>
internal static class StoredValue
{
    /// <summary>A feature, or a coordinate of an error, in a row.</summary>
    public static float Of(ActivationStoreReader store, string site, bool isError, int index, int row)
    {
        if (isError)
        {
            float[] error = new float[store.Site(SiteAutoencoder.ErrorName(site)).Width];
            store.ReadRows(SiteAutoencoder.ErrorName(site), row, 1, error);
            return error[index];
        }

        int count = (int)store.CountValues(site, row, 1);
        int[] indices = new int[count];
        float[] values = new float[count];
        store.ReadSparseRows(site, row, 1, new long[2], indices, values);
        int at = Array.IndexOf(indices, index);
        return at < 0 ? 0 : values[at];
    }
}
