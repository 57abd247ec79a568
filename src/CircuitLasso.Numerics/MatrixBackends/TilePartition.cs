namespace CircuitLasso.Numerics;

/// <summary>Cuts an m x n matrix into tiles, row of tiles after row of tiles. The cut depends on the dimensions alone, never on the threads.</summary>
internal readonly struct TilePartition
{
    /// <summary>Above this side a tile gains nothing: packing costs about one step in two hundred.</summary>
    private const int LargestSide = 512;

    /// <summary>Tiles wanted, so that machines with many cores share the work evenly.</summary>
    private const int WantedTiles = 64;

    /// <summary>Multiplications in the smallest tile: some hundred microseconds, well above the cost of starting a task.</summary>
    private const long SmallestWork = 8 << 20;

    /// <summary>Tile sides are multiples of this where they are cut: a multiple of every micro-kernel's sides.</summary>
    private const int Granularity = 48;

    private readonly int _rows;
    private readonly int _columns;
    private readonly int _tileRows;
    private readonly int _tileColumns;
    private readonly int _tilesAcross;

    private TilePartition(int rows, int columns, int tileRows, int tileColumns)
    {
        _rows = rows;
        _columns = columns;
        _tileRows = tileRows;
        _tileColumns = tileColumns;
        _tilesAcross = Ceiling(columns, tileColumns);
        Count = checked(Ceiling(rows, tileRows) * _tilesAcross);
    }

    /// <summary>Number of tiles; zero for an empty product.</summary>
    public int Count { get; }

    /// <summary>Tiles in a row of tiles: strips of columns.</summary>
    public int Across => _tilesAcross;

    /// <summary>Tiles in a strip.</summary>
    public int Down => _tilesAcross == 0 ? 0 : Count / _tilesAcross;

    /// <summary>Columns of every strip but the last, which may be narrower.</summary>
    public int StripColumns => _tileColumns;

    /// <summary>Where a tile lies.</summary>
    public (int Row, int Rows, int Column, int Columns) this[int tile]
    {
        get
        {
            (int down, int across) = Math.DivRem(tile, _tilesAcross);
            int row = down * _tileRows;
            int column = across * _tileColumns;
            return (row, Math.Min(_tileRows, _rows - row), column, Math.Min(_tileColumns, _columns - column));
        }
    }

    /// <summary>The tiles of a product with inner dimension k.</summary>
    public static TilePartition OfProduct(int m, int n, int k)
    {
        if (m <= 0 || n <= 0 || k <= 0)
        {
            return default;
        }

        // A product of one vector moves memory and does little else, so its work is counted in elements moved, eight to a multiplication.
        long inner = Math.Max(1, (long)k * (Math.Min(m, n) < 8 ? 8 : 1));
        int tileRows = m;
        int tileColumns = n;
        while (true)
        {
            bool large = tileRows > LargestSide || tileColumns > LargestSide;
            long halved = (long)tileRows * tileColumns / 2 * inner;
            bool few = (long)Ceiling(m, tileRows) * Ceiling(n, tileColumns) < WantedTiles;
            if (halved < SmallestWork || (!large && !few))
            {
                break;
            }

            int longer = Math.Max(tileRows, tileColumns);
            int half = Ceiling(Ceiling(longer, 2), Granularity) * Granularity;
            if (half >= longer)
            {
                break;
            }

            if (tileRows >= tileColumns)
            {
                tileRows = half;
            }
            else
            {
                tileColumns = half;
            }
        }

        return new TilePartition(m, n, tileRows, tileColumns);
    }

    private static int Ceiling(int dividend, int divisor) => (int)(((long)dividend + divisor - 1) / divisor);
}
