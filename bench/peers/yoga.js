/** GraphQL Yoga with a DataLoader for each request. Run as `node bench/peers/yoga.js URL PORT CONNECTIONS`. */
import { createServer } from "node:http";
import DataLoader from "dataloader";
import { createSchema, createYoga } from "graphql-yoga";
import { openBlog, typeDefs } from "./blog.js";

const [url, port, connections] = process.argv.slice(2);
const blog = openBlog(url, Number(connections));

const yoga = createYoga({
  schema: createSchema({
    typeDefs,
    resolvers: {
      Query: { authors: (_, { limit }) => blog.authors(limit), posts: (_, { limit }) => blog.posts(limit) },
      Mutation: { addNote: (_, { body }) => blog.addNote(body) },
      Author: { posts: (author, _, { postsByAuthor }) => postsByAuthor.load(author.id) },
      Comment: { author: (comment, _, { authorsById }) => authorsById.load(comment.authorId) },
      Post: {
        author: (post, _, { authorsById }) => authorsById.load(post.authorId),
        comments: (post, _, { commentsByPost }) => commentsByPost.load(post.id),
      },
    },
  }),
  context: () => ({
    authorsById: new DataLoader(blog.authorsById),
    postsByAuthor: new DataLoader(blog.postsByAuthor),
    commentsByPost: new DataLoader(blog.commentsByPost),
  }),
  graphiql: false,
  logging: false,
});
createServer(yoga).listen(Number(port), "127.0.0.1");
