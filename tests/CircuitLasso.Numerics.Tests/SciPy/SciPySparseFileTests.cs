using CircuitLasso.Testing;

namespace CircuitLasso.Numerics.Tests;

public sealed class SciPySparseFileTests
{
    [Fact]
    public void What_scipy_saves_is_read_and_what_is_written_is_loaded_by_scipy()
    {
        const string write = """
            import sys, os, numpy as np, scipy.sparse as sp
            os.chdir(sys.argv[1])
            for n, (r, c, density) in enumerate([(1, 1, 1), (1, 1, 0), (7, 5, .4), (200, 30, .1), (3, 400, .02), (4, 0, 0), (0, 4, 0)]):
                a = sp.random(r, c, density, format='csc', random_state=n) if r * c else sp.csc_matrix((r, c))
                a.data = a.data * 2 - 1
                np.save('%d.dense.npy' % n, a.toarray())
                for kind in ('csc', 'csr'):
                    for dtype in ('f4', 'f8'):
                        for index in ('i4', 'i8'):
                            b = a.asformat(kind).astype(dtype)
                            b.indices = b.indices.astype(index); b.indptr = b.indptr.astype(index)
                            sp.save_npz('%d.%s.%s.%s.npz' % (n, kind, dtype, index), b, compressed=index == 'i4')
            """;
        const string compare = """
            import sys, os, glob, numpy as np, scipy.sparse as sp
            os.chdir(sys.argv[1])
            names = glob.glob('*.ours.npz')
            for name in names:
                a = sp.load_npz(name); d = np.load(name.split('.')[0] + '.dense.npy')
                assert a.format == 'csc' and a.has_sorted_indices and a.indices.dtype == np.int32, name
                assert a.shape == d.shape and (a.toarray() == d.astype(a.dtype)).all(), name
                assert a.dtype == (np.float32 if '.f4.' in name else np.float64), name
            print(len(names))
            """;
        using TemporaryFolder folder = new();
        Python.Run("scipy", write, folder.Root);
        int count = 0;
        foreach (string path in Directory.GetFiles(folder.Root, "*.npz"))
        {
            using NumPyArray dense = NpyFile.Read(folder.PathOf(Path.GetFileName(path).Split('.')[0] + ".dense.npy"));
            CompressedColumns<double> wide = SciPySparseFile.Read<double>(path);
            CompressedColumns<float> narrow = SciPySparseFile.Read<float>(path);
            Assert.Equal([wide.RowCount, wide.ColumnCount], dense.Shape);
            bool isNarrow = path.Contains(".f4.", StringComparison.Ordinal);
            Assert.Equal(dense.AsDoubles().Select(value => isNarrow ? (float)value : value), Dense(wide));
            Assert.Equal(dense.AsSingles(), Dense(narrow));
            (CompressedColumns<float> columns, CompressedColumns<float> rows) = SciPySparseFile.ReadBothWays<float>(path);
            AssertSame(narrow, columns);
            AssertSame(narrow.Transpose(), rows);
            AssertSame(narrow, DenseCompression.Compress(dense));
            SciPySparseFile.Write(path + ".ours.npz", narrow, compress: count % 2 == 0);
            if (!isNarrow)
            {
                SciPySparseFile.Write(path + ".ours.npz", wide);
            }

            count++;
        }

        Assert.Equal(7 * 8, int.Parse(Python.Run("scipy", compare, folder.Root), System.Globalization.CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("csc", new[] { 0.0, 0, 5, 7, 0, -2 })]
    [InlineData("csr", new[] { 0.0, 5, 0, 0, 7, -2 })]
    public void Unsorted_indices_are_sorted_and_repeated_entries_added_up(string format, double[] expected)
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("a.npz");
        bool byColumns = format == "csc";
        Write(path, format, byColumns ? [3, 2] : [2, 3], [0, 2, 5], [1, 1, 2, 1, 2], [2.0, 3, -3, 7, 1]);
        CompressedColumns<double> matrix = SciPySparseFile.Read<double>(path);
        Assert.Equal(3, matrix.EntryCount);
        Assert.Equal(expected, Dense(matrix));
        (CompressedColumns<double> columns, CompressedColumns<double> rows) = SciPySparseFile.ReadBothWays<double>(path);
        AssertSame(matrix, columns);
        AssertSame(matrix.Transpose(), rows);
    }

    [Fact]
    public void An_array_of_other_dimensions_is_no_matrix()
    {
        using NumPyArray cube = NumPyArray.Create<float>(new float[8], 2, 2, 2), tall = NumPyArray.Create<float>([], 3_000_000_000, 0), vector = NumPyArray.Create<float>([0, 3, 0, -1], 4);
        Assert.Contains("3 dimensions", Assert.Throws<InputException>(() => DenseCompression.Compress(cube)).Problem, StringComparison.Ordinal);
        Assert.Contains("is 3000000000 x 0, more than fits", Assert.Throws<InputException>(() => DenseCompression.Compress(tall)).Problem, StringComparison.Ordinal);
        using NumPyArray wide = NumPyArray.Create<float>([], 0, 2_000_000_000);
        Assert.Contains("is 0 x 2000000000, more than fits", Assert.Throws<InputException>(() => DenseCompression.Compress(wide)).Problem, StringComparison.Ordinal);
        CompressedColumns<float> column = DenseCompression.Compress(vector);
        Assert.Equal((4, 1, 2L), (column.RowCount, column.ColumnCount, DenseCompression.CountEntries(vector)));
        Assert.Equal([0, 3, 0, -1], Dense(column));
    }

    [Fact]
    public void The_transpose_of_the_transpose_is_the_matrix()
    {
        CompressedColumns<float> matrix = new(4, [0, 2, 2, 5], [1, 3, 0, 2, 3], [1f, 2, 3, 4, 5]);
        CompressedColumns<float> transpose = matrix.Transpose();
        Assert.Equal((3, 4), (transpose.RowCount, transpose.ColumnCount));
        Assert.Equal(Transposed(Dense(matrix), 4, 3), Dense(transpose));
        Assert.Equal(matrix.RowIndices, transpose.Transpose().RowIndices);
        Assert.Equal(matrix.Values, transpose.Transpose().Values);
    }

    [Fact]
    public void Selected_rows_are_those_of_the_matrix()
    {
        CompressedColumns<float> matrix = new(4, [0, 2, 2, 5], [1, 3, 0, 2, 3], [1f, 2, 3, 4, 5]);
        CompressedColumns<float> selected = matrix.SelectRows([0, 3]);
        Assert.Equal((2, 3), (selected.RowCount, selected.ColumnCount));
        Assert.Equal([0, 0, 3, 2, 0, 5], Dense(selected));
        Assert.Equal(Dense(matrix), Dense(matrix.SelectRows([0, 1, 2, 3])));
        Assert.Empty(Dense(matrix.SelectRows([])));
        Assert.Throws<ArgumentException>(() => matrix.SelectRows([3, 0]));
        Assert.Throws<ArgumentException>(() => matrix.SelectRows([1, 1]));
        Assert.Throws<ArgumentException>(() => matrix.SelectRows([4]));
        Assert.Throws<ArgumentException>(() => matrix.SelectRows([-1]));
    }

    [Theory]
    [InlineData("coo", new long[] { 3, 2 }, new long[] { 0, 1, 2 }, new long[] { 0, 1 }, 2, "format 'coo'")]
    [InlineData("csc", new long[] { 3 }, new long[] { 0, 1, 2 }, new long[] { 0, 1 }, 2, "the shape (3)")]
    [InlineData("csc", new long[] { -3, 2 }, new long[] { 0, 1, 2 }, new long[] { 0, 1 }, 2, "the shape (-3, 2)")]
    [InlineData("csc", new long[] { 3, 1L << 40 }, new long[] { 0, 1, 2 }, new long[] { 0, 1 }, 2, "the shape (3, 1099511627776)")]
    [InlineData("csc", new long[] { 3, 3 }, new long[] { 0, 1, 2 }, new long[] { 0, 1 }, 2, "has 3 elements where the shape asks for 4")]
    [InlineData("csc", new long[] { 3, 2 }, new long[] { 1, 1, 2 }, new long[] { 0, 1 }, 2, "runs from 1 to 2")]
    [InlineData("csc", new long[] { 3, 2 }, new long[] { 0, 1, 3 }, new long[] { 0, 1 }, 2, "runs from 0 to 3")]
    [InlineData("csc", new long[] { 3, 2 }, new long[] { 0, 5, 2 }, new long[] { 0, 1 }, 2, "descends from 5 to 2")]
    [InlineData("csc", new long[] { 3, 2 }, new long[] { 0, 1, 2 }, new long[] { 0, 3 }, 2, "element 1 is 3, outside the 3")]
    [InlineData("csr", new long[] { 2, 3 }, new long[] { 0, 1, 2 }, new long[] { 0, -1 }, 2, "element 1 is -1, outside the 3")]
    [InlineData("csc", new long[] { 3, 2 }, new long[] { 0, 1, 2 }, new long[] { 0, 1, 2 }, 2, "has 3 elements and data 2")]
    [InlineData("csr", new long[] { 2, 2_000_000_000 }, new long[] { 0, 1, 2 }, new long[] { 0, 1 }, 2, "has 2000000000 columns")]
    [InlineData("csr", new long[] { 2, 3 }, new long[] { 0, 1, 3_000_000_000 }, new long[] { 0, 1 }, 2, "has 3000000000 entries, more than the 2147483591 that fit here")]
    public void A_matrix_that_is_none_is_refused_with_the_reason(string format, long[] shape, long[] starts, long[] indices, int values, string reason)
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("bad.npz");
        Write(path, format, shape, starts, indices, [.. Enumerable.Range(1, values).Select(i => (double)i)]);
        InputException exception = Assert.Throws<InputException>(() => SciPySparseFile.Read<float>(path));
        Assert.StartsWith(path, exception.Subject, StringComparison.Ordinal);
        Assert.Contains(reason, exception.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Whole_numbers_and_files_of_other_arrays_are_refused()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("bad.npz");
        using NumPyArray counts = NumPyArray.Create<long>([1, 2], 2), starts = NumPyArray.Create<long>([0, 1, 2], 3);
        NpzFile.Write(path, [new("data", counts)]);
        Assert.Contains("no array 'format'", Assert.Throws<InputException>(() => SciPySparseFile.Read<float>(path)).Problem, StringComparison.Ordinal);
        NpzFile.WriteEntries(
            path,
            [new("format", stream => stream.Write(NumPyText.ToBytes("csc"))), new("shape", counts.WriteTo), new("indptr", starts.WriteTo), new("data", counts.WriteTo)],
            compress: false);
        Assert.Contains("no floating-point numbers", Assert.Throws<InputException>(() => SciPySparseFile.Read<float>(path)).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_files_are_refused_or_read_whole()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("mutated.npz");
        Dictionary<string, byte[]> entries = Entries("csr", [3, 4], [0, 2, 2, 5], [1, 3, 0, 2, 3], [1, 2, 3, 4, 5]);
        Random random = new(7);
        int refused = 0;
        const int count = 3000;
        for (int i = 0; i < count; i++)
        {
            // The entries are damaged before they are zipped, so that the checksums do not stand guard.
            string victim = entries.Keys.ElementAt(random.Next(entries.Count));
            byte[] damaged = Mutation.Apply(entries[victim], random);
            using (MemoryStream bytes = new())
            {
                using (System.IO.Compression.ZipArchive archive = new(bytes, System.IO.Compression.ZipArchiveMode.Create, leaveOpen: true))
                {
                    foreach ((string name, byte[] content) in entries)
                    {
                        using Stream stream = archive.CreateEntry(name + ".npy", System.IO.Compression.CompressionLevel.NoCompression).Open();
                        stream.Write(name == victim ? damaged : content);
                    }
                }

                Mutation.Overwrite(path, bytes.ToArray());
            }

            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                CompressedColumns<float> matrix = SciPySparseFile.Read<float>(path);
                Assert.Equal(matrix.EntryCount, matrix.Values.Length);
            }
            catch (InputException)
            {
                refused++;
            }

            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 256 << 20);
        }

        Assert.InRange(refused, count / 4, count - 1);
    }

    [Fact]
    public void Damaged_arrays_are_refused_or_compressed_whole()
    {
        using TemporaryFolder folder = new();
        string path = folder.PathOf("mutated.npy");
        using NumPyArray original = NumPyArray.Create<float>([1, 0, 2, 0, 0, 3], 3, 2);
        using MemoryStream bytes = new();
        original.WriteTo(bytes);
        Random random = new(11);
        int refused = 0;
        const int count = 2000;
        for (int i = 0; i < count; i++)
        {
            Mutation.Overwrite(path, Mutation.Apply(bytes.ToArray(), random));
            try
            {
                using NumPyArray array = NpyFile.Read(path);
                CompressedColumns<float> matrix = DenseCompression.Compress(array);
                Assert.Equal(DenseCompression.CountEntries(array), matrix.EntryCount);
            }
            catch (InputException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, count / 4, count - 1);
    }

    private static void AssertSame<T>(CompressedColumns<T> expected, CompressedColumns<T> actual)
        where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
    {
        Assert.Equal((expected.RowCount, expected.ColumnCount), (actual.RowCount, actual.ColumnCount));
        Assert.Equal(expected.ColumnStarts, actual.ColumnStarts);
        Assert.Equal(expected.RowIndices, actual.RowIndices);
        Assert.Equal(expected.Values, actual.Values);
    }

    private static float[] Transposed(float[] rowMajor, int rows, int columns) => [.. Enumerable.Range(0, rows * columns).Select(at => rowMajor[(at % rows * columns) + (at / rows)])];

    private static T[] Dense<T>(CompressedColumns<T> matrix)
        where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T>
    {
        T[] dense = new T[matrix.RowCount * matrix.ColumnCount];
        for (int j = 0; j < matrix.ColumnCount; j++)
        {
            for (int i = 0; i < matrix.RowsOf(j).Length; i++)
            {
                dense[(matrix.RowsOf(j)[i] * matrix.ColumnCount) + j] = matrix.ValuesOf(j)[i];
            }
        }

        return dense;
    }

    private static void Write(string path, string format, long[] shape, long[] starts, long[] indices, double[] values) =>
        NpzFile.WriteEntries(
            path,
            Entries(format, shape, starts, indices, values).Select(entry => new KeyValuePair<string, Action<Stream>>(entry.Key, stream => stream.Write(entry.Value))),
            compress: true);

    private static Dictionary<string, byte[]> Entries(string format, long[] shape, long[] starts, long[] indices, double[] values)
    {
        return new Dictionary<string, byte[]>
        {
            ["indices"] = Npy<long>(indices),
            ["indptr"] = Npy<long>(starts),
            ["format"] = NumPyText.ToBytes(format),
            ["shape"] = Npy<long>(shape),
            ["data"] = Npy<double>(values),
        };

        static byte[] Npy<T>(T[] elements)
            where T : unmanaged
        {
            using NumPyArray array = NumPyArray.Create<T>(elements, elements.Length);
            using MemoryStream stream = new();
            array.WriteTo(stream);
            return stream.ToArray();
        }
    }
}
