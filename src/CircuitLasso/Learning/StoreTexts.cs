using System.Runtime.InteropServices;
using CircuitLasso.Regression;

namespace CircuitLasso;

/// <summary>Which rows of a store are of the same text.</summary>
internal static class StoreTexts
{
    private const int RowsAtOnce = 1 << 16;

    /// <summary>The rows of each text as a group; null where positions are pooled, and a text is one row.</summary>
    public static RowGroups? Groups(ActivationStoreReader store)
    {
        if (store.Manifest.Pooling != Pooling.None)
        {
            return null;
        }

        // A list that grows with what is read: the number of rows is the manifest's word.
        List<int> texts = [];
        StoreRow[] rows = new StoreRow[Math.Min(RowsAtOnce, store.RowCount)];
        while (texts.Count < store.RowCount)
        {
            Span<StoreRow> some = rows.AsSpan(0, (int)Math.Min(rows.Length, store.RowCount - texts.Count));
            store.ReadRowDescriptions(texts.Count, some);
            foreach (StoreRow row in some)
            {
                texts.Add(row.Text);
            }
        }

        return new RowGroups(CollectionsMarshal.AsSpan(texts));
    }
}
