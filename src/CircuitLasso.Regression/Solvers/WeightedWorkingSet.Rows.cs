using System.Runtime.CompilerServices;

namespace CircuitLasso.Regression;

/// <content>The columns once more by row.</content>
internal sealed partial class WeightedWorkingSet
{
    /// <summary>Brings the copies by row up to date; whether one of the columns from <paramref name="first"/> on is popular.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool KeepByRow(int first)
    {
        bool hasNewPopular = false;
        for (int k = first; k < Count; k++)
        {
            hasNewPopular |= IsPopular(design.Column(_columns[k]));
        }

        if (_isByRow)
        {
            return hasNewPopular;
        }

        Array.Resize(ref _starts, design.Rows + 1);
        Array.Resize(ref _entriesOfRow, design.Rows);
        Array.Resize(ref _popular, _capacity);
        for (; _counted < Count; _counted++)
        {
            DesignColumn column = design.Column(_columns[_counted]);
            if (IsPopular(column))
            {
                _popular[_popularCount++] = _counted;
                continue;
            }

            foreach (int row in column.Rows)
            {
                _entriesOfRow[row]++;
            }
        }

        int total = 0;
        for (int i = 0; i < _entriesOfRow.Length; i++)
        {
            _starts[i] = total;
            total += _entriesOfRow[i];
        }

        if (_places.Length < total)
        {
            (_places, _values) = (new int[2 * total], new float[2 * total]);
        }

        int size = Length(design.Rows, _popularCount);
        if (_panel.Length < size)
        {
            (_panel, _weightedPanel) = (new float[size], new float[size]);
        }

        Array.Clear(_panel, 0, size);
        for (int k = 0, s = 0; k < Count; k++)
        {
            DesignColumn column = design.Column(_columns[k]);
            if (s < _popularCount && _popular[s] == k)
            {
                for (int i = 0; i < column.Values.Length; i++)
                {
                    _panel[((column.IsWhole ? i : column.Rows[i]) * _popularCount) + s] = column.Values[i];
                }

                s++;
                continue;
            }

            // Places ascend within every row, because columns are taken in order.
            for (int i = 0; i < column.Rows.Length; i++)
            {
                int at = _starts[column.Rows[i]]++;
                (_places[at], _values[at]) = (k, column.Values[i]);
            }
        }

        _starts.AsSpan(0, design.Rows).CopyTo(_starts.AsSpan(1));
        _starts[0] = 0;
        _isByRow = true;
        return hasNewPopular;
    }

    private bool IsPopular(DesignColumn column) => column.IsWhole || column.Rows.Length > design.Rows / RowsPerPopularEntry;
}
