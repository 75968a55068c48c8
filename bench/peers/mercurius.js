/** Mercurius with its compiler and its loaders. Run as `node bench/peers/mercurius.js URL PORT CONNECTIONS`. */
import { fastify } from "fastify";
import mercurius from "mercurius";
import { openBlog, typeDefs } from "./blog.js";

const [url, port, connections] = process.argv.slice(2);
const blog = openBlog(url, Number(connections));

/** A loader whose cache is off: it prints every object as its key, which takes longer than to ask once a level. */
const loader = (load, keyOf) => ({
  loader: (queries) => load(queries.map(({ obj }) => keyOf(obj))),
  opts: { cache: false },
});

const app = fastify();
app.register(mercurius, {
  schema: typeDefs,
  resolvers: {
    Query: { authors: (_, { limit }) => blog.authors(limit), posts: (_, { limit }) => blog.posts(limit) },
    Mutation: { addNote: (_, { body }) => blog.addNote(body) },
  },
  loaders: {
    Author: { posts: loader(blog.postsByAuthor, (author) => author.id) },
    Comment: { author: loader(blog.authorsById, (comment) => comment.authorId) },
    Post: {
      author: loader(blog.authorsById, (post) => post.authorId),
      comments: loader(blog.commentsByPost, (post) => post.id),
    },
  },
  jit: 1,
});
await app.listen({ host: "127.0.0.1", port: Number(port) });
